import Foundation
import TestSupport
import Testing

@testable import StableDiffusion

/// The tokens of 5,000 strings equal those of transformers' CLIPTokenizer.
@Suite struct CLIPTokenizerTests {
  @Test(
    "All 5,000 strings have CLIP's tokens, with the files of SDXL's two tokenizers",
    arguments: ["objects", "objects-pad"])
  func tokens(layout: String) throws {
    let tokenizer = try TokenGolden.Layout(layout).tokenizer()
    let strings = try TokenGolden.strings()
    let golden = try TokenGolden.ids(layout: layout).ids
    #expect(strings.count == 5000)
    #expect(golden.count == 5000)
    for (string, ids) in zip(strings, golden) {
      #expect(tokenizer.bosAndEOS(string) == ids, "\(string.debugDescription)")
    }
  }

  @Test(
    "Added tokens in the configuration files count in every layout of the folder",
    arguments: ["names", "bare", "map-only", "decoder", "added-tokens"])
  func layouts(layout: String) throws {
    let tokenizer = try TokenGolden.Layout(layout).tokenizer()
    let strings = try TokenGolden.strings()
    let (golden, changed) = try TokenGolden.ids(layout: layout)
    for index in changed + (0..<200) {
      #expect(
        tokenizer.bosAndEOS(strings[index]) == golden[index], "\(strings[index].debugDescription)")
    }
  }

  @Test(
    "The built-in vocabulary gives the tokens of SDXL's two tokenizers for every string",
    arguments: [("objects", "<|endoftext|>"), ("objects-pad", "!")])
  func builtIn(layout: String, padding: String) throws {
    let tokenizer = try CLIPTokenizer(builtInPaddingWith: padding)
    let folder = try TokenGolden.Layout(layout).tokenizer()
    #expect((tokenizer.bosID, tokenizer.eosID) == (49406, 49407))
    #expect(tokenizer.padID == folder.padID)
    #expect(tokenizer.modelMaxLength == 77)
    let golden = try TokenGolden.ids(layout: layout).ids
    for (string, ids) in zip(try TokenGolden.strings(), golden) {
      #expect(tokenizer.bosAndEOS(string) == ids, "\(string.debugDescription)")
    }
  }

  @Test("tokenizer.json alone, in the form of transformers 5, with a small vocabulary")
  func tokenizerJSON() throws {
    let tokenizer = try CLIPTokenizer(
      directory: TokenGolden.folder.appending(path: "layouts/tiny"))
    let golden = try TokenGolden.packedIDs("tiny.ids")
    #expect(golden.count == 600)
    for (string, ids) in zip(try TokenGolden.strings(), golden) {
      #expect(tokenizer.bosAndEOS(string) == ids, "\(string.debugDescription)")
    }
    #expect(tokenizer.bosID == 1012)
    #expect(tokenizer.eosID == 1013)
    #expect(tokenizer.padID == 0)
  }

  @Test("tokenizer.json with its merges as strings, the form of older files")
  func olderTokenizerJSON() throws {
    let tiny = TokenGolden.folder.appending(path: "layouts/tiny/tokenizer.json")
    let text = try String(contentsOf: tiny, encoding: .utf8)
    let older = text.replacing(#/\[\s*("[^"]+"),\s*("[^"]+")\s*\]/#) { match in
      "\(match.1.dropLast()) \(match.2.dropFirst())"
    }
    #expect(older != text)
    let directory = try TemporaryDirectory()
    try older.write(
      to: directory.url.appending(path: "tokenizer.json"), atomically: true, encoding: .utf8)
    let tokenizer = try CLIPTokenizer(directory: directory.url)
    let newer = try CLIPTokenizer(directory: tiny.deletingLastPathComponent())
    #expect(tokenizer.tokens(of: "the photo of a dog") == newer.tokens(of: "the photo of a dog"))
  }

  @Test(
    "Padding, truncation and the cut text equal those of diffusers' pipeline",
    arguments: ["objects", "objects-pad"])
  func encodings(layout: String) throws {
    let tokenizer = try TokenGolden.Layout(layout).tokenizer()
    let strings = try TokenGolden.strings()
    let golden = try TokenGolden.encodings(layout)
    #expect(golden.values.contains { $0.truncatedText != nil })
    for (index, expected) in golden {
      let string = strings[try #require(Int(index))]
      let encoding = tokenizer.encode(string)
      #expect(encoding.chunks == [expected.ids], "\(string.debugDescription)")
      #expect(encoding.tokenCount == expected.tokenCount, "\(string.debugDescription)")
      #expect(encoding.truncatedText == expected.truncatedText, "\(string.debugDescription)")
    }
  }

  @Test("The empty prompt is BOS and EOS, then EOS in the first tokenizer, \"!\" in the second")
  func empty() throws {
    let first = try TokenGolden.Layout("objects").tokenizer()
    let second = try TokenGolden.Layout("objects-pad").tokenizer()
    #expect(first.encode("").chunks[0] == [49406] + Array(repeating: 49407, count: 76))
    #expect(second.encode("").chunks[0] == [49406, 49407] + Array(repeating: 0, count: 75))
    #expect(first.encode("").tokenCount == 0)
  }

  @Test("75 tokens fit; the 76th is cut")
  func limit() throws {
    let tokenizer = try TokenGolden.Layout("objects").tokenizer()
    let full = tokenizer.encode(String(repeating: "dog ", count: 75))
    #expect(full.truncatedText == nil)
    #expect(full.chunks[0].last == tokenizer.eosID)
    let over = tokenizer.encode(String(repeating: "dog ", count: 75) + "Cat")
    #expect(over.chunks[0] == full.chunks[0])
    #expect(over.truncatedText == "cat")
    #expect(over.tokenCount == 76)
  }

  @Test("A long text is cut every 75 tokens, each chunk between BOS, EOS and padding")
  func chunks() throws {
    let tokenizer = try TokenGolden.Layout("objects").tokenizer()
    let words = (1...200).map { "dog\($0)" }.joined(separator: " ")
    let tokens = tokenizer.tokens(of: words)
    #expect(tokens.count > 225)
    for count in [0, 1, 74, 75, 76, 149, 150, 151, 225] {
      let encoding = tokenizer.encode(words, maxTokens: count)
      #expect(encoding.chunks.count == max(1, (count + 74) / 75))
      #expect(encoding.chunks.allSatisfy { $0.count == 77 && $0[0] == tokenizer.bosID })
      let read = encoding.chunks.enumerated().flatMap { index, chunk in
        let length = min(75, count - 75 * index)
        #expect(chunk[(length + 1)...].allSatisfy { $0 == tokenizer.eosID })
        return chunk[1..<length + 1]
      }
      #expect(read == Array(tokens.prefix(count)))
      #expect(encoding.tokenCount == tokens.count)
      #expect(encoding.truncatedText != nil)
    }
    let whole = tokenizer.encode(words, maxTokens: tokens.count)
    #expect(whole.truncatedText == nil)
    #expect(tokenizer.encode("a dog", maxTokens: 225) == tokenizer.encode("a dog"))
    #expect(tokenizer.encode("a dog", maxTokens: -1).chunks == tokenizer.encode("").chunks)
    #expect(tokenizer.encode(words, maxTokens: 75) == tokenizer.encode(words))
  }

  @Test("Texts of 100,000 characters have CLIP's tokens: the strings, and one word of all letters")
  func longTexts() throws {
    let tokenizer = try TokenGolden.Layout("objects").tokenizer()
    let joined = try TokenGolden.strings().joined(separator: " ").unicodeScalars
    let letters = joined.filter { $0.isASCII && $0.properties.isAlphabetic }
    let texts = ["strings": joined.prefix(100_000), "letters": letters.prefix(100_000)]
    let golden = try TokenGolden.longTexts()
    #expect(golden.count == 2)
    for (name, scalars) in texts {
      let ids = tokenizer.tokens(of: String(scalars))
      #expect(TokenGolden.digest(of: ids) == golden[name], "\(name)")
    }
  }

  @Test(
    "Marks in any order are composed, also in a text that is normalized in several runs",
    arguments: ["e\u{301}", "a\u{301}\u{323}", "\u{304B}\u{3099}", "\u{1112}\u{1161}\u{11AB}"])
  func longMarks(letter: String) throws {
    let tokenizer = try TokenGolden.Layout("objects").tokenizer()
    let composed = letter.precomposedStringWithCanonicalMapping
    #expect(composed.unicodeScalars.count < letter.unicodeScalars.count)
    for count in [1, 300] {
      let text = String(repeating: letter, count: count)
      let expected = String(repeating: composed, count: count)
      #expect(tokenizer.tokens(of: text) == tokenizer.tokens(of: expected))
    }
  }

  @Test("HTML entities are text: transformers does not decode them")
  func entities() throws {
    let tokenizer = try TokenGolden.Layout("objects").tokenizer()
    #expect(tokenizer.tokens(of: "&amp;") == tokenizer.tokens(of: "& amp ;"))
    #expect(tokenizer.tokens(of: "&amp;") != tokenizer.tokens(of: "&"))
  }
}

extension CLIPTokenizer {
  /// The tokens in the form of transformers, neither truncated nor padded.
  fileprivate func bosAndEOS(_ text: String) -> [Int] {
    [bosID] + tokens(of: text) + [eosID]
  }
}
