// Frequent parts of words: byte-pair encoding (Sennrich et al. 2016).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dlc::runtime::data {

// A UTF-8 text in parts that no piece goes beyond: runs of letters and digits, and every other
// character by itself, each with the blank before it. A text begins with a blank and has single
// ones; the parts in a row are the text.
std::vector<std::string> cutParts(std::string_view text);

// The characters of the texts and the pieces that joining neighbours gives, of all neighbours the
// most frequent first, as many as there is room for. A piece stands behind those it is made of.
std::vector<std::string> learnSubwords(const std::vector<std::string> &texts, int64_t room);

// The pieces of a part by their numbers: of all neighbours that make a known piece together, those
// are joined first whose piece has the smallest number.
std::vector<std::string> cutSubwords(const std::string &part,
                                     const std::unordered_map<std::string, int64_t> &numbers);

} // namespace dlc::runtime::data
