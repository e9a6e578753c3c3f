"""The rules that no compiler keeps. Each check takes the root and answers with complaints."""

from .bites import bites
from .codes import codes
from .layering import include_direction, library_names, strict_json
from .limits import limits
from .purity import purity
from .tools import clang_format, clang_tidy, cppcheck

CHECKS = [bites, limits, include_direction, library_names, strict_json, codes, purity,
          clang_format, cppcheck, clang_tidy]
