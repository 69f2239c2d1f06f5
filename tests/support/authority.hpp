#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/process.hpp"

namespace holdfast::testing {

/// An authority of its own, and certificates that it signs, as files that are gone with it. Made by openssl.
class authority {
 public:
  explicit authority(const std::string& name) {
    openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", file("ca.key"), "-out", file("ca.pem"),
             "-subj", "/CN=" + name, "-days", "2"});
  }
  /// WHO.pem and WHO.key. `names` as in subjectAltName.
  void certify(const std::string& who, const std::string& names) const {
    openssl({"req", "-newkey", "rsa:2048", "-nodes", "-keyout", file(who + ".key"), "-out", file(who + ".csr"), "-subj",
             "/CN=" + who, "-addext", "subjectAltName=" + names});
    openssl({"x509", "-req", "-in", file(who + ".csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"),
             "-CAcreateserial", "-copy_extensions", "copy", "-out", file(who + ".pem"), "-days", "2"});
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  [[nodiscard]] std::string folder() const { return folder_.path(); }

 private:
  void openssl(std::vector<std::string> words) const {
    words.insert(words.begin(), "openssl");
    process child{launch{.words = words}, folder_.path()};
    ASSERT_EQ(child.wait(), 0) << child.err();
  }
  temporary_folder folder_;
};

}  // namespace holdfast::testing
