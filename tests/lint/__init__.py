"""The rules that no compiler keeps. Each check takes the root and answers with complaints."""

from .bites import bites
from .layering import include_direction, library_names, strict_json
from .limits import limits
from .purity import purity
from .tools import clang_format, clang_tidy, cppcheck

CHECKS = [bites, limits, include_direction, library_names, strict_json, purity, clang_format,
          cppcheck, clang_tidy]
