#include "document.h"

#include <stdio.h>

void document_print_line(const cJSON *document)
{
    char *text = cJSON_PrintUnformatted(document);
    if (text != NULL) {
        puts(text);
    }
    cJSON_free(text);
}

void document_print(cJSON *document)
{
    document_print_line(document);
    cJSON_Delete(document);
}
