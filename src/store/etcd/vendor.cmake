# The vendors' libraries, for this project and for who finds holdfast installed: gRPC, and OpenSSL, which is gRPC's own,
# for a look at certificates.
include(CMakeFindDependencyMacro)
find_dependency(OpenSSL)
find_dependency(Protobuf)
find_dependency(gRPC CONFIG)
