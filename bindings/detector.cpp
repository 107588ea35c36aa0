#include "detector.h"

#include <string>
#include <utility>
#include <vector>

#include "libguard/error.h"

namespace py = pybind11;

namespace libguard::bindings {
namespace {

// Byte offset of each code point, and one past the end: Python counts code points, the guard counts bytes.
std::vector<std::size_t> offsets_of(std::string_view text) {
  std::vector<std::size_t> offsets;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) offsets.push_back(at);
  }
  offsets.push_back(text.size());
  return offsets;
}

class PythonDetector final : public masking::Detector {
 public:
  explicit PythonDetector(py::object object) : object_(std::move(object)), entity_(py::str(object_.attr("entity"))) {}
  ~PythonDetector() override {
    py::gil_scoped_acquire gil;
    object_ = py::object();
  }

  [[nodiscard]] std::string_view entity() const override { return entity_; }

  // A detector that raises must not let the text through: the error stops the action, without its text.
  void find(std::string_view text, std::vector<masking::Span>& spans) const override {
    py::gil_scoped_acquire gil;
    try {
      auto decoded = py::reinterpret_steal<py::object>(
          PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
      if (!decoded) {
        PyErr_Clear();
        return;  // not text: nothing that a text detector could judge
      }
      const std::vector<std::size_t> offsets = offsets_of(text);
      for (py::handle pair : object_.attr("find")(decoded)) {
        auto [start, end] = pair.cast<std::pair<std::size_t, std::size_t>>();
        if (start >= end || end >= offsets.size()) throw py::value_error("span outside the text");
        spans.push_back({offsets[start], offsets[end], entity_});
      }
    } catch (py::error_already_set&) {
      fail();  // the exception is dropped unprinted: its text could quote the cell
    } catch (const std::exception&) {
      fail();
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorKind::internal, "masking.detector",
                "the detector for " + entity_ + " failed, so nothing was shown");
  }
  py::object object_;
  std::string entity_;
};

}  // namespace

std::shared_ptr<const masking::Detector> python_detector(py::object object) {
  return std::make_shared<PythonDetector>(std::move(object));
}

}  // namespace libguard::bindings
