# The vendor's library, for this project and for who finds holdfast installed.
include(CMakeFindDependencyMacro)
find_dependency(PostgreSQL)
