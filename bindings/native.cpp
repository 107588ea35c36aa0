// libguard._native: JSON text in, JSON text out. No logic; the GIL is released in every call that can wait.

#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "detector.h"
#include "libguard/doors.h"
#include "libguard/policy_tools.h"
#include "libguard/policy.h"
#ifdef LIBGUARD_BENCH_BINDINGS
#include "bench_open.h"
#endif

namespace py = pybind11;

namespace libguard::bindings {
namespace {

using Release = py::call_guard<py::gil_scoped_release>;

const char* word_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::internal:
      return "internal";
    case ErrorKind::configuration:
      return "configuration";
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::in_doubt:
      return "in_doubt";
  }
  return "internal";
}

// Ctrl-C is felt in every wait: the guard polls this about twenty times a second.
CancelToken signals() {
  return CancelToken([] {
    py::gil_scoped_acquire gil;
    return PyErr_CheckSignals() != 0;
  });
}

std::function<std::string()> callback_of(const py::object& renew) {
  if (renew.is_none()) return {};
  auto held = std::shared_ptr<py::object>(new py::object(renew), [](py::object* object) {
    py::gil_scoped_acquire gil;
    delete object;
  });
  return [held] {
    py::gil_scoped_acquire gil;
    try {
      return (*held)().cast<std::string>();
    } catch (py::error_already_set&) {
      return std::string();  // an empty proof is refused; the text of the exception could hold the old one
    }
  };
}

// Keeps an interrupt (KeyboardInterrupt, SystemExit) that a body raised, so that it goes on after the record was
// written.
class Body {
 public:
  explicit Body(py::object function) : function_(std::move(function)) {}

  std::string operator()(std::string_view arguments) {
    py::gil_scoped_acquire gil;
    try {
      return function_(py::str(arguments.data(), arguments.size())).cast<std::string>();
    } catch (py::error_already_set& error) {
      if (!error.matches(PyExc_Exception)) interrupt_.emplace(error);
      throw std::runtime_error("body");
    }
  }
  void rethrow_interrupt() {
    if (interrupt_) throw py::error_already_set(*interrupt_);
  }

 private:
  py::object function_;
  std::optional<py::error_already_set> interrupt_;
};

std::string run(const Session& session, const std::string& request, const py::object& function) {
  Body body(function);
  ToolBody call = [&body](std::string_view arguments) { return body(arguments); };
  std::string outcome;
  {
    py::gil_scoped_release release;
    outcome = run_json(session, request, signals(), function.is_none() ? nullptr : &call);
  }
  body.rethrow_interrupt();
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  return outcome;
}

void register_errors(py::module_& module) {
  static py::handle error_type = py::exception<Error>(module, "Error").release();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Error& error) {
      py::object instance = error_type(error.what());
      instance.attr("kind") = word_of(error.kind());
      instance.attr("code") = error.code();
      PyErr_SetObject(error_type.ptr(), instance.ptr());
    }
  });
}

void bind_guard(py::module_& module) {
  py::class_<Session>(module, "Session")
      .def_property_readonly("id", &Session::id)
      .def("run", &run, py::arg("request_json"), py::arg("body") = py::none())
      .def("info", &info_json)
      .def("as_account", &Session::as_account, Release())
      .def("close", &Session::close);
  py::class_<Guard>(module, "Guard")
      .def_static("open", &Guard::open, py::arg("path"), Release())
      .def(
          "reload",
          [](const Guard& guard) {
            guard.reload();
            return "{\"snapshot\":\"" + guard.snapshot() + "\"}";
          },
          Release())
      .def(
          "session",
          [](const Guard& guard, const std::string& spec, const py::object& renew) {
            auto callback = callback_of(renew);
            py::gil_scoped_release release;
            return session_json(guard, spec, std::move(callback));
          },
          py::arg("spec_json"), py::arg("renew") = py::none())
      .def("stats", &stats_json, Release())
      .def("snapshot", &Guard::snapshot)
      .def("explain", &Guard::explain, Release())
      .def("catalogue", &Guard::catalogue, Release())
      .def("approvals", &Guard::approvals, Release())
      .def("vote", &Guard::vote, Release())
      .def("budgets", &Guard::budgets, Release())
      .def("issue_token", &Guard::issue_token, Release())
      .def("resolve", &Guard::resolve, Release())
      .def("audit_directory", &Guard::audit_directory)
      .def("close", &Guard::close, Release())
      .def("add_detector", [](const Guard& guard, py::object object) {
        auto detector = python_detector(std::move(object));
        py::gil_scoped_release release;
        guard.add_detector(std::move(detector));
      });
}

// Small enough that giving up the interpreter's lock would cost more than asking.
void bind_policy(py::module_& module) {
  py::class_<PreparedRequest>(module, "PreparedRequest")
      .def("allowed", &PreparedRequest::allowed)
      .def("__call__", &PreparedRequest::allowed)
      .def("set", &PreparedRequest::set)
      .def("set_flag", &PreparedRequest::set_flag)
      .def("set_text", &PreparedRequest::set_text)
      .def("answer", [](PreparedRequest& request) {
        PolicyAnswer answer = request.answer();
        return py::make_tuple(answer.allowed, std::move(answer.reasons), std::move(answer.errors));
      });
  py::class_<PolicyEngine>(module, "PolicyEngine")
      .def_static("from_text", &PolicyEngine::from_text, py::arg("policies"), py::arg("entities"), py::arg("links"),
                  Release())
      .def_static("from_json", &PolicyEngine::from_json, py::arg("policies"), py::arg("entities"), Release())
      .def("prepare", &PolicyEngine::prepare)
      .def("__len__", &PolicyEngine::size);
}

void bind_doors(py::module_& module) {
  py::class_<Explainer>(module, "Explainer")
      .def(py::init<std::string_view, std::string_view>(), py::arg("dialect"), py::arg("catalogue_json") = "")
      .def("explain", &Explainer::explain, Release());
  module.def(
      "explain",
      [](std::string_view line, std::string_view dialect, std::string_view catalogue) {
        return Explainer(dialect, catalogue).explain(line);
      },
      Release());
  module.def("policy_eval", &policy_eval_json, Release());
  module.def("policy_validate", &policy_validate_json, Release());
  module.def("policy_schema_convert", &policy_schema_convert_json, Release());
  module.def("policy_schema", &policy_schema_text, Release());
  module.def("policy_parse", &policy_parse_json, Release());
  module.def("policy_convert", &policy_convert_json, Release());
  module.def("policy_format", &policy_format_json, Release());
  module.def("role_packs", &role_packs_json, Release());
  module.def("policy_check", &policy_check_json, Release());
  module.def("policy_test", &policy_test_json, Release());
  module.def("policy_explain", &policy_explain_json, Release());
  module.def("policy_simulate", &policy_simulate_json, Release());
  module.def("policy_replay", &policy_replay_json, Release());
  module.def("policy_diff", &policy_diff_json, Release());
  module.def("policy_learn", &policy_learn_json, Release());
  module.def("mask", &mask_json, Release());
  module.def("audit_verify", &audit_verify_json, Release());
  module.def("audit_sessions", &audit_sessions_json, Release());
  module.def("audit_session", &audit_session_json, Release());
  module.def("config_check", &config_check_json, Release());
  module.def("write_issuer_key", &write_issuer_key_files, Release());
  module.def("make_key", &make_key_json, Release());
  module.def("issue_token", &issue_token_json, Release());
#ifdef LIBGUARD_BENCH_BINDINGS
  module.def("open_without_sync", &open_without_sync, Release());
#endif
}

}  // namespace
}  // namespace libguard::bindings

#ifdef LIBGUARD_BENCH_BINDINGS
PYBIND11_MODULE(_bench_native, module) {
#else
PYBIND11_MODULE(_native, module) {
#endif
  module.doc() = "JSON text in, JSON text out; see the package libguard for the typed interface.";
  libguard::bindings::register_errors(module);
  libguard::bindings::bind_guard(module);
  libguard::bindings::bind_policy(module);
  libguard::bindings::bind_doors(module);
}
