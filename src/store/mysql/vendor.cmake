# The vendor's library, for this project and for who finds holdfast installed.
include(CMakeFindDependencyMacro)
find_dependency(PkgConfig)
pkg_check_modules(holdfast_libmariadb REQUIRED IMPORTED_TARGET GLOBAL libmariadb)
