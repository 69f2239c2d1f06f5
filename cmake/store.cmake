# holdfast_store(NAME [LIBS target...]): the store in the calling directory, as target holdfast_NAME with the
# public name holdfast::NAME. Its one entry point is the C symbol holdfast_store_NAME.
#
# Static build: an archive. The core refers to the entry weakly, which by itself pulls nothing out of an
# archive, so users of the target are told to ask for the symbol.
# Shared build: a module that the core loads from holdfast/ beside libholdfast.so when the scheme is first
# used. Linking it would be in vain (the linker drops a library that nothing refers to), so the public
# name only stands for the core.
function(holdfast_store name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(BUILD_SHARED_LIBS)
    add_library(holdfast_${name} MODULE ${sources})
    set_target_properties(holdfast_${name} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/holdfast
      LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/store.map
      INSTALL_RPATH "$ORIGIN/..")
    target_compile_definitions(holdfast_${name} PRIVATE HOLDFAST_SHARED)
    target_link_options(holdfast_${name} PRIVATE -Wl,--no-undefined
      -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/store.map)
    target_link_libraries(holdfast_${name} PRIVATE holdfast)
    add_library(holdfast_${name}_component INTERFACE)
    target_link_libraries(holdfast_${name}_component INTERFACE holdfast)
    add_dependencies(holdfast_${name}_component holdfast_${name})
    set_target_properties(holdfast_${name}_component PROPERTIES EXPORT_NAME ${name})
    add_library(holdfast::${name} ALIAS holdfast_${name}_component)
  else()
    add_library(holdfast_${name} STATIC ${sources})
    set_target_properties(holdfast_${name} PROPERTIES EXPORT_NAME ${name})
    target_link_libraries(holdfast_${name} PUBLIC holdfast)
    target_link_options(holdfast_${name} INTERFACE -Wl,-u,holdfast_store_${name})
    add_library(holdfast::${name} ALIAS holdfast_${name})
  endif()
  target_include_directories(holdfast_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(holdfast_${name} PRIVATE HOLDFAST_BUILDING)
  target_link_libraries(holdfast_${name} PRIVATE ${ARG_LIBS} $<BUILD_INTERFACE:holdfast_warnings>)
endfunction()
