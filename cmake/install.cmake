# What `cmake --install` puts where: headers, libraries, the CMake package with a component for each store,
# pkg-config files, the command.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/holdfast)
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")

function(holdfast_pc file description requires libs)
  set(PC_DESCRIPTION "${description}")
  set(PC_REQUIRES "${requires}")
  set(PC_LIBS "${libs}")
  set(PC_PREFIX "${pc_prefix}")
  configure_file(${PROJECT_SOURCE_DIR}/cmake/holdfast.pc.in ${PROJECT_BINARY_DIR}/${file}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${file}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/holdfast DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp")
install(TARGETS holdfast EXPORT holdfast-targets)
install(EXPORT holdfast-targets NAMESPACE holdfast:: DESTINATION ${package_dir})
holdfast_pc(holdfast "${PROJECT_DESCRIPTION}" "" "-L\${libdir} -lholdfast -pthread")

# A store's own export file is read only when its component is asked for, so that nobody needs the
# vendor's library of a store that is not used.
function(holdfast_install_store name vendor_pc)
  if(BUILD_SHARED_LIBS)
    install(TARGETS holdfast_${name} DESTINATION ${CMAKE_INSTALL_LIBDIR}/holdfast)
    install(TARGETS holdfast_${name}_component EXPORT holdfast-${name}-targets)
    holdfast_pc(holdfast-${name} "The store ${name} of holdfast" "holdfast = ${PROJECT_VERSION}" "")
  else()
    install(TARGETS holdfast_${name} EXPORT holdfast-${name}-targets)
    holdfast_pc(holdfast-${name} "The store ${name} of holdfast" "holdfast = ${PROJECT_VERSION}, ${vendor_pc}"
                "-L\${libdir} -lholdfast_${name} -Wl,-u,holdfast_store_${name}")
    install(FILES ${PROJECT_SOURCE_DIR}/src/store/${name}/vendor.cmake DESTINATION ${package_dir}
            RENAME holdfast-${name}-vendor.cmake)
    if(TARGET holdfast_${name}_module)
      install(TARGETS holdfast_${name}_module DESTINATION ${CMAKE_INSTALL_LIBDIR}/holdfast)
    endif()
  endif()
  install(EXPORT holdfast-${name}-targets NAMESPACE holdfast:: DESTINATION ${package_dir})
endfunction()

# Beside each store, what pkg-config calls its vendor's libraries.
foreach(store_and_vendor "sqlite=sqlite3" "redis=hiredis, openssl" "etcd=grpc++, protobuf, openssl" "postgres=libpq"
        "mysql=libmariadb")
  string(REGEX MATCH "^([a-z]+)=(.*)$" ignored "${store_and_vendor}")
  if(TARGET holdfast_${CMAKE_MATCH_1})
    holdfast_install_store(${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
  endif()
endforeach()

if(BUILD_SHARED_LIBS)
  set(HOLDFAST_STATIC OFF)
else()
  set(HOLDFAST_STATIC ON)
endif()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/holdfast-config.cmake.in
  ${PROJECT_BINARY_DIR}/holdfast-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/holdfast-config-version.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/holdfast-config.cmake ${PROJECT_BINARY_DIR}/holdfast-config-version.cmake
        DESTINATION ${package_dir})

if(TARGET holdfast_cli)
  if(BUILD_SHARED_LIBS)
    file(RELATIVE_PATH to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
    set_target_properties(holdfast_cli PROPERTIES INSTALL_RPATH "$ORIGIN/${to_lib}")
  endif()
  install(TARGETS holdfast_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
