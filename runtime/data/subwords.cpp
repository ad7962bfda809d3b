// Frequent parts of words: byte-pair encoding (Sennrich et al. 2016).
#include "runtime/data/subwords.h"

#include "runtime/data/vocabulary.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace dlc::runtime::data {

std::vector<std::string> cutParts(std::string_view text) {
  std::vector<std::string> parts;
  const char *end = text.data();
  for (std::string_view word : cutWords(text)) {
    bool isFirst = parts.empty();
    parts.emplace_back(isFirst || word.data() != end ? " " : "").append(word);
    end = word.data() + word.size();
  }
  return parts;
}

namespace {

using Pair = std::pair<int32_t, int32_t>; // of numbers of pieces

// The parts of all texts as pieces, and how often two of them are neighbours.
class Joining {
public:
  void addPart(std::vector<int32_t> pieces, int64_t count) {
    parts_.push_back({std::move(pieces), count});
    countPairs(parts_.size() - 1, 1);
  }

  // The most frequent neighbours, of equals those of the smaller numbers; false where none occur
  // twice.
  bool mostFrequent(Pair *pair) const {
    if (ranked_.empty() || std::get<0>(*ranked_.begin()) > -2)
      return false;
    auto [count, left, right] = *ranked_.begin();
    *pair = {left, right};
    return true;
  }

  void join(Pair pair, int32_t joined) {
    std::vector<size_t> places = std::move(places_[pair]);
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    for (size_t place : places) {
      countPairs(place, -1);
      std::vector<int32_t> &pieces = parts_[place].pieces;
      size_t kept = 0;
      for (size_t i = 0; i < pieces.size(); ++i) {
        bool isPair =
            i + 1 < pieces.size() && pieces[i] == pair.first && pieces[i + 1] == pair.second;
        pieces[kept++] = isPair ? joined : pieces[i];
        i += isPair;
      }
      pieces.resize(kept);
      countPairs(place, 1);
    }
  }

private:
  struct Part {
    std::vector<int32_t> pieces;
    int64_t count;
  };

  void countPairs(size_t place, int64_t sign) {
    const Part &part = parts_[place];
    for (size_t i = 0; i + 1 < part.pieces.size(); ++i) {
      Pair pair = {part.pieces[i], part.pieces[i + 1]};
      int64_t &count = counts_[pair];
      if (count > 0)
        ranked_.erase({-count, pair.first, pair.second});
      count += sign * part.count;
      if (count > 0)
        ranked_.insert({-count, pair.first, pair.second});
      if (sign > 0)
        places_[pair].push_back(place);
    }
  }

  std::vector<Part> parts_;
  std::map<Pair, int64_t> counts_;
  std::map<Pair, std::vector<size_t>> places_;             // parts that have or had the pair
  std::set<std::tuple<int64_t, int32_t, int32_t>> ranked_; // by -count
};

} // namespace

std::vector<std::string> learnSubwords(const std::vector<std::string> &texts, int64_t room) {
  std::map<std::string, int64_t> parts, characters;
  for (const std::string &text : texts)
    for (const std::string &part : cutParts(text))
      ++parts[part];
  for (const auto &[part, count] : parts)
    for (std::string_view character : cutCharacters(part))
      characters[std::string(character)] += count;

  std::vector<std::string> pieces;
  for (const auto &[character, count] : characters)
    pieces.push_back(character);
  std::stable_sort(pieces.begin(), pieces.end(), [&](const std::string &a, const std::string &b) {
    return characters[a] > characters[b];
  });
  if (int64_t(pieces.size()) >= room) {
    pieces.resize(size_t(room));
    return pieces;
  }
  std::map<std::string_view, int32_t> numbers;
  for (size_t i = 0; i < pieces.size(); ++i)
    numbers[pieces[i]] = int32_t(i);
  Joining joining;
  for (const auto &[part, count] : parts) {
    std::vector<int32_t> row;
    for (std::string_view character : cutCharacters(part))
      row.push_back(numbers[character]);
    joining.addPart(std::move(row), count);
  }
  std::map<std::string, int32_t> known; // two pairs may make the same piece
  Pair pair;
  while (int64_t(pieces.size()) < room && joining.mostFrequent(&pair)) {
    std::string piece = pieces[size_t(pair.first)] + pieces[size_t(pair.second)];
    auto [entry, isNew] = known.emplace(piece, int32_t(pieces.size()));
    if (isNew)
      pieces.push_back(piece);
    joining.join(pair, entry->second);
  }
  return pieces;
}

std::vector<std::string> cutSubwords(const std::string &part,
                                     const std::unordered_map<std::string, int64_t> &numbers) {
  std::vector<std::string> pieces;
  for (std::string_view character : cutCharacters(part))
    pieces.emplace_back(character);
  for (;;) {
    size_t best = 0;
    int64_t smallest = -1;
    for (size_t i = 0; i + 1 < pieces.size(); ++i) {
      auto found = numbers.find(pieces[i] + pieces[i + 1]);
      if (found != numbers.end() && (smallest < 0 || found->second < smallest)) {
        smallest = found->second;
        best = i;
      }
    }
    if (smallest < 0)
      return pieces;
    pieces[best] += pieces[best + 1];
    pieces.erase(pieces.begin() + int64_t(best) + 1);
  }
}

} // namespace dlc::runtime::data
