/// Byte pair encoding of words: a word's bytes, the last one marked as the word's end, merged pair
/// by pair, the pair that training found first before any other.
struct BytePairEncoding: Sendable {
  private struct Pair: Hashable {
    let left: Int
    let right: Int
  }

  private struct Merge {
    let rank: Int
    let id: Int
  }

  private static let endOfWord = "</w>"

  private let vocabulary: [String: Int]
  private let merges: [Pair: Merge]
  /// Ids of the 256 bytes inside a word.
  private let byteIDs: [Int]
  /// Ids of the 256 bytes at a word's end.
  private let finalByteIDs: [Int]

  /// `unknownID` stands for the bytes that the vocabulary lacks; CLIP's lacks none.
  init(_ model: TokenizerFolder.Model, unknownID: Int) throws(ModelError) {
    let vocabulary = model.vocabulary
    let letters = ByteAlphabet.letters.map { String($0) }
    byteIDs = letters.map { vocabulary[$0] ?? unknownID }
    finalByteIDs = letters.map { vocabulary[$0 + Self.endOfWord] ?? unknownID }

    var merges: [Pair: Merge] = [:]
    merges.reserveCapacity(model.merges.count)
    for (rank, rule) in model.merges.enumerated() {
      guard let left = vocabulary[rule.left], let right = vocabulary[rule.right],
        let id = vocabulary[rule.left + rule.right]
      else {
        throw .invalid(
          path: model.mergesPath,
          problem: "merge \(rank + 1), “\(rule.left) \(rule.right)”, is not in the vocabulary",
          advice: "take the vocabulary and the merges from the same model")
      }
      merges[Pair(left: left, right: right)] = Merge(rank: rank, id: id)
    }
    self.vocabulary = vocabulary
    self.merges = merges
  }

  /// Appends the tokens of one word.
  func append(_ word: ArraySlice<Unicode.Scalar>, to ids: inout [Int]) {
    let bytes = String(String.UnicodeScalarView(word)).utf8
    guard let last = bytes.last else { return }
    var symbols = bytes.dropLast().map { byteIDs[Int($0)] } + [finalByteIDs[Int(last)]]
    var candidates = zip(symbols, symbols.dropFirst()).map { merges[Pair(left: $0, right: $1)] }

    while let (position, id) = Self.best(of: candidates) {
      symbols[position] = id
      symbols.remove(at: position + 1)
      candidates.remove(at: position)
      if position > 0 {
        candidates[position - 1] = merges[Pair(left: symbols[position - 1], right: id)]
      }
      if position < candidates.count {
        candidates[position] = merges[Pair(left: id, right: symbols[position + 1])]
      }
    }
    ids += symbols
  }

  /// What the tokens read as, a space between words; a character cut in two reads as U+FFFD.
  func text(of ids: ArraySlice<Int>) -> String {
    let wanted = Set(ids)
    let names = vocabulary.filter { wanted.contains($0.value) }.map { ($0.value, $0.key) }
    let nameOfID = Dictionary(names) { first, _ in first }
    return ids.map { nameOfID[$0] ?? "" }.joined()
      .split(separator: Self.endOfWord).map { ByteAlphabet.text(of: $0) }
      .joined(separator: " ")
  }

  /// The leftmost of the merges of lowest rank.
  private static func best(of candidates: [Merge?]) -> (position: Int, id: Int)? {
    var best: (position: Int, merge: Merge)?
    for (position, candidate) in candidates.enumerated() {
      guard let candidate, candidate.rank < best?.merge.rank ?? .max else { continue }
      best = (position, candidate)
    }
    return best.map { ($0.position, $0.merge.id) }
  }
}
