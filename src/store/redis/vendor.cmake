# The vendors' libraries, for this project and for who finds holdfast installed: hiredis parses replies, OpenSSL is TLS.
include(CMakeFindDependencyMacro)
find_dependency(OpenSSL)
if(NOT TARGET holdfast_hiredis)
  find_path(HOLDFAST_HIREDIS_INCLUDE_DIR hiredis/read.h)
  find_library(HOLDFAST_HIREDIS_LIBRARY hiredis)
  if(NOT HOLDFAST_HIREDIS_INCLUDE_DIR OR NOT HOLDFAST_HIREDIS_LIBRARY)
    message(FATAL_ERROR "holdfast's store for Redis needs hiredis (libhiredis-dev)")
  endif()
  add_library(holdfast_hiredis UNKNOWN IMPORTED)
  set_target_properties(holdfast_hiredis PROPERTIES IMPORTED_LOCATION "${HOLDFAST_HIREDIS_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${HOLDFAST_HIREDIS_INCLUDE_DIR}")
endif()
