# holdfast_store(NAME [LIBS target...] [SOURCES file...]): the store in the calling directory (its *.cpp, unless
# SOURCES names others), as target holdfast_NAME with the public name holdfast::NAME. Its one entry point is the C
# symbol holdfast_store_NAME.
#
# Static build: an archive. The core refers to the entry weakly, which by itself pulls nothing out of an
# archive, so users of the target are told to ask for the symbol. For the command there is a module too (target
# holdfast_NAME_module): it loads the stores that are not linked into it, so that nobody pays at its start for what is
# not used. The module takes the core from the command.
# Shared build: a module that the core loads from holdfast/ beside libholdfast.so when the scheme is first
# used. Linking it would be in vain (the linker drops a library that nothing refers to), so the public
# name only stands for the core.
function(holdfast_store name)
  cmake_parse_arguments(ARG "" "" "LIBS;SOURCES" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS *.cpp)
  endif()
  add_library(holdfast_${name}_objects OBJECT ${ARG_SOURCES})
  target_include_directories(holdfast_${name}_objects PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(holdfast_${name}_objects PRIVATE HOLDFAST_BUILDING $<$<BOOL:${BUILD_SHARED_LIBS}>:HOLDFAST_SHARED>)
  target_link_libraries(holdfast_${name}_objects PRIVATE holdfast ${ARG_LIBS} holdfast_warnings)
  set(objects $<TARGET_OBJECTS:holdfast_${name}_objects>)
  if(BUILD_SHARED_LIBS)
    holdfast_store_module(holdfast_${name} ${name})
    target_sources(holdfast_${name} PRIVATE ${objects})
    set_target_properties(holdfast_${name} PROPERTIES INSTALL_RPATH "$ORIGIN/..")
    target_link_options(holdfast_${name} PRIVATE -Wl,--no-undefined)
    target_link_libraries(holdfast_${name} PRIVATE holdfast ${ARG_LIBS})
    add_library(holdfast_${name}_component INTERFACE)
    target_link_libraries(holdfast_${name}_component INTERFACE holdfast)
    add_dependencies(holdfast_${name}_component holdfast_${name})
    set_target_properties(holdfast_${name}_component PROPERTIES EXPORT_NAME ${name})
    add_library(holdfast::${name} ALIAS holdfast_${name}_component)
  else()
    add_library(holdfast_${name} STATIC ${objects})
    set_target_properties(holdfast_${name} PROPERTIES EXPORT_NAME ${name} LINKER_LANGUAGE CXX)
    target_include_directories(holdfast_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(holdfast_${name} PUBLIC holdfast PRIVATE ${ARG_LIBS})
    target_link_options(holdfast_${name} INTERFACE -Wl,-u,holdfast_store_${name})
    add_library(holdfast::${name} ALIAS holdfast_${name})
    if(HOLDFAST_CLI AND NOT name STREQUAL "sqlite")  # That one is linked into the command.
      holdfast_store_module(holdfast_${name}_module ${name})
      target_sources(holdfast_${name}_module PRIVATE ${objects})
      target_link_libraries(holdfast_${name}_module PRIVATE ${ARG_LIBS})
    endif()
  endif()
endfunction()

# holdfast_store_module(TARGET NAME): the shared object, yet without sources, that a program loads for the store NAME.
function(holdfast_store_module target name)
  add_library(${target} MODULE)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME holdfast_${name} LINKER_LANGUAGE CXX
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/holdfast
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/store.map)
  target_link_options(${target} PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/store.map)
endfunction()
