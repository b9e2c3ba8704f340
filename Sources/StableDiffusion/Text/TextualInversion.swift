public import Torch

/// An embedding: vectors that stand for a word of a prompt (textual inversion, Gal et al. 2022). Each
/// vector takes the place of a token.
public struct TextualInversion {
  /// The word, as it is written in prompts.
  public let word: String
  /// The vectors of the first text encoder, float32 `[n, 768]`; nil: it reads the word as letters.
  public let first: Tensor?
  /// The vectors of the second text encoder, float32 `[n, 1280]`; nil: it reads the word as letters.
  public let second: Tensor?

  /// A word with its vectors for SDXL's text encoders.
  public init(word: String, first: Tensor?, second: Tensor?) {
    self.word = word
    self.first = first
    self.second = second
  }

  /// The number of vectors.
  public var count: Int { first?.shape[0] ?? second?.shape[0] ?? 0 }

  /// Whether a prompt contains a word as that of an embedding.
  public static func isWord(_ word: String, in prompt: String) -> Bool {
    var isFound = false
    AddedWordSplitter([AddedWord(word, ids: 0..<1)]).split(
      TextNormalizer.normalize(Array(prompt.unicodeScalars)[...])[...],
      text: { _ in }, word: { _ in isFound = true })
    return isFound
  }
}

/// A word of a prompt that has ids of its own, above those of the vocabulary.
struct AddedWord: Sendable {
  /// How prompts write it: the word, and `embedding:word` as in ComfyUI.
  let names: [[Unicode.Scalar]]
  /// An id for each of its vectors.
  let ids: Range<Int>
  /// The word.
  let word: String

  init(_ word: String, ids: Range<Int>) {
    names = ["embedding:\(word)", word].map {
      TextNormalizer.normalize(Array($0.unicodeScalars)[...])
    }
    self.ids = ids
    self.word = word
  }
}

/// Splits a normalized text at its added words. The longest name counts.
struct AddedWordSplitter: Sendable {
  let words: [AddedWord]
  private let names: [(name: [Unicode.Scalar], ids: Range<Int>)]

  init(_ words: [AddedWord]) {
    self.words = words
    names = words.flatMap { word in word.names.map { ($0, word.ids) } }
      .sorted { $0.0.count > $1.0.count }
  }

  /// Calls `text` for the parts between added words and `word` for the ids of each word, in order.
  func split(
    _ text: ArraySlice<Unicode.Scalar>, text readText: (ArraySlice<Unicode.Scalar>) -> Void,
    word readWord: (Range<Int>) -> Void
  ) {
    guard !names.isEmpty else { return readText(text) }
    var rest = text
    var position = text.startIndex
    while position < text.endIndex {
      let found = names.first { name, _ in
        text[position...].starts(with: name)
          && Self.isBoundary(text, at: position)
          && Self.isBoundary(text, at: position + name.count)
      }
      guard let found else {
        position += 1
        continue
      }
      if rest.startIndex < position { readText(rest[..<position]) }
      readWord(found.ids)
      position += found.name.count
      rest = rest[position...]
    }
    if !rest.isEmpty { readText(rest) }
  }

  /// Whether a word may begin or end at a place: between two letters or digits it may not, so that
  /// `cat` is not found in `category`.
  private static func isBoundary(_ text: ArraySlice<Unicode.Scalar>, at place: Int) -> Bool {
    guard place > text.startIndex, place < text.endIndex else { return true }
    return ![text[place - 1], text[place]].allSatisfy {
      $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_"
    }
  }
}
