#pragma once

#include <memory>
#include <string>

#include "oneproxy/predict/predictor.hpp"

namespace oneproxy {

/// Accuracies that somebody else's code gives (docs/formats/accuracy.md):
/// - `python:MODULE.FUNCTION`: a function of Python, in one process that lives as long as the predictor;
/// - `command(run="PROGRAM {networks}", ...)`: a line of shell for each batch.
/// Each architecture is asked for once; one batch at a time, whatever thread asks. A wrong answer throws when it comes.
/// @throws InputError where the text is of neither form, or Python lacks the function.
std::shared_ptr<const Predictor> make_asked_accuracy(const std::string& text, SpacePtr space);

/// Whether `text` is of one of these forms.
bool is_asked_accuracy(const std::string& text);

}  // namespace oneproxy
