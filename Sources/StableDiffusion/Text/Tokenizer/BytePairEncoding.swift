import NN

/// Byte pair encoding of words. A word's bytes, the last one marked as the word's end, are merged
/// pair by pair, the pair of the lowest rank first.
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

  /// The tokens by their ids.
  private let names: [Int: String]
  private let merges: [Pair: Merge]
  /// Ids of the 256 bytes inside a word.
  private let byteIDs: [Int]
  /// Ids of the 256 bytes at a word's end.
  private let finalByteIDs: [Int]

  /// `unknownID` stands for bytes that are missing in the vocabulary; in CLIP's none is.
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
    names = Dictionary(vocabulary.map { ($1, $0) }) { first, _ in first }
    self.merges = merges
  }

  /// Appends the tokens of one word.
  ///
  /// The time grows as n log n, because a caption may be one word of a megabyte.
  func append(_ word: ArraySlice<Unicode.Scalar>, to ids: inout [Int]) {
    let bytes = String(String.UnicodeScalarView(word)).utf8
    guard let last = bytes.last else { return }
    // A token that was merged into the one before it is nil.
    var symbols: [Int?] = bytes.dropLast().map { byteIDs[Int($0)] } + [finalByteIDs[Int(last)]]
    var next = Array(1...symbols.count)
    var previous = Array(-1..<symbols.count - 1)
    var queue = MergeQueue()
    func merge(at position: Int) -> Merge? {
      guard position >= 0, next[position] < symbols.count, let left = symbols[position],
        let right = symbols[next[position]]
      else { return nil }
      return merges[Pair(left: left, right: right)]
    }
    func enqueue(_ position: Int) {
      guard let merge = merge(at: position) else { return }
      queue.insert(MergeQueue.Entry(rank: merge.rank, position: position, id: merge.id))
    }

    for position in symbols.indices { enqueue(position) }
    while let entry = queue.popFirst() {
      let position = entry.position
      // Skips an entry whose tokens have since been merged with others.
      guard merge(at: position)?.rank == entry.rank else { continue }
      symbols[position] = entry.id
      symbols[next[position]] = nil
      next[position] = next[next[position]]
      if next[position] < symbols.count { previous[next[position]] = position }
      enqueue(previous[position])
      enqueue(position)
    }
    ids += symbols.compactMap(\.self)
  }

  /// The text of the tokens, with a space between words. A character that is cut in two becomes
  /// U+FFFD.
  func text(of ids: ArraySlice<Int>) -> String {
    ids.map { names[$0] ?? "" }.joined()
      .split(separator: Self.endOfWord).map { ByteAlphabet.text(of: $0) }
      .joined(separator: " ")
  }
}
