import Foundation
import Testing

@testable import Datasets
@testable import Files
@testable import Training

@Suite("CaptionRecipe")
struct CaptionRecipeTests {
  private static let parts = "sks dog, red ball, beach, sunset"

  private func recipe(_ change: (inout TrainingConfig) -> Void = { _ in }) -> CaptionRecipe {
    var config = TrainingConfig()
    change(&config)
    return CaptionRecipe(config.datasetOptions)
  }

  /// The captions of `count` samples, two in every step.
  private func captions(
    _ recipe: CaptionRecipe, of texts: [String], seed: UInt64 = 3, count: Int = 2000
  ) -> [String] {
    (0..<count).map { recipe.caption(of: texts, seed: seed, step: $0 / 2, sample: $0 % 2) }
  }

  /// Whether `count` hits of `total` independent draws with this chance are within 4 sigma.
  private func isLikely(_ count: Int, of total: Int, chance: Double) -> Bool {
    let expected = Double(total) * chance
    let sigma = (expected * (1 - chance)).squareRoot()
    return abs(Double(count) - expected) < 4 * sigma
  }

  @Test("by default every sample has the first line unchanged, with odd commas and spaces")
  func plain() {
    let text = " sks  dog,, on a beach ,"
    #expect(Set(captions(recipe(), of: [text, "other"], count: 50)) == [text])
    #expect(recipe().plain([text, "other"]) == text)
    #expect(!recipe().isRandom)
    #expect(recipe().caption(of: [], seed: 1, step: 0, sample: 0) == "")
    #expect(recipe().plain([]) == "")
  }

  @Test(
    "parts before the separator are kept, those after a second one too, and no separator is left")
  func separator() {
    let separated = recipe {
      $0.captionShuffle = true
      $0.keepTokens = 2
      $0.keepTokensSeparator = "|||"
    }
    let found = captions(separated, of: ["sks dog, hat ||| a, b, c ||| film, 4k"], count: 400)
    #expect(Set(found).count == 6)
    #expect(found.allSatisfy { $0.hasPrefix("sks dog, hat, ") && $0.hasSuffix(", film, 4k") })
    #expect(separated.plain(["sks dog ||| a, b"]) == "sks dog, a, b")
    #expect(Set(captions(separated, of: ["|||a, b"], count: 100)) == ["a, b", "b, a"])
    #expect(separated.plain(["a ||| b ||| c ||| d"]) == "a, b, c, d")
    #expect(
      captions(separated, of: ["a, b, c, d"], count: 100).allSatisfy { $0.hasPrefix("a, b, ") },
      "a caption without a separator keeps its first parts")
  }

  @Test("without shuffling, the separator is removed; without the option, it stays")
  func separatorAlone() {
    let separated = recipe { $0.keepTokensSeparator = "|||" }
    #expect(!separated.isRandom)
    #expect(Set(captions(separated, of: ["x ||| b, a"], count: 20)) == ["x, b, a"])
    #expect(recipe().plain(["x ||| b, a"]) == "x ||| b, a")
  }

  @Test("prefix and suffix are around the text with one space, also when it is shuffled")
  func frame() {
    func frame(_ config: inout TrainingConfig) {
      config.captionPrefix = "photo of,"
      config.captionSuffix = "4k, film"
    }
    #expect(recipe(frame).plain(["a dog", "x"]) == "photo of, a dog 4k, film")
    #expect(recipe(frame).plain([""]) == "photo of, 4k, film")
    let shuffled = recipe {
      frame(&$0)
      $0.captionShuffle = true
    }
    for caption in captions(shuffled, of: [Self.parts], count: 100) {
      #expect(caption.hasPrefix("photo of, ") && caption.hasSuffix(" 4k, film"))
    }
    #expect(shuffled.plain([Self.parts]) == "photo of, \(Self.parts) 4k, film")
    let empty = recipe {
      $0.captionPrefix = ""
      $0.captionSuffix = ""
    }
    #expect(empty.plain(["a dog"]) == "a dog")
  }

  @Test("every order of the parts occurs about equally often")
  func shuffle() {
    let shuffled = recipe { $0.captionShuffle = true }
    #expect(shuffled.isRandom)
    let counts = captions(shuffled, of: [Self.parts], count: 24_000).reduce(into: [:]) {
      $0[$1, default: 0] += 1
    }
    #expect(counts.count == 24)
    // Chi-squared of 23 degrees of freedom: 99.99 % are below 57.
    let chiSquared = counts.values.map { pow(Double($0) - 1000, 2) / 1000 }.reduce(0, +)
    #expect(chiSquared < 57)
    let sorted = Self.parts.components(separatedBy: ", ").sorted()
    for caption in counts.keys {
      #expect(caption.components(separatedBy: ", ").sorted() == sorted)
    }
  }

  @Test("the first keep_tokens parts stay, the others take every order", arguments: 1...5)
  func keep(_ count: Int) {
    let kept = recipe {
      $0.captionShuffle = true
      $0.keepTokens = count
    }
    let orders = Set(captions(kept, of: [Self.parts]))
    #expect(orders.count == [6, 2, 1, 1, 1][count - 1])
    let first = Self.parts.components(separatedBy: ", ").prefix(count)
    #expect(orders.allSatisfy { $0.hasPrefix(first.joined(separator: ", ")) })
  }

  @Test("shuffled parts are trimmed, and empty ones are dropped before parts are kept")
  func parts() {
    let kept = recipe {
      $0.captionShuffle = true
      $0.keepTokens = 1
    }
    let orders = Set(captions(kept, of: [" , sks dog ,, a\tb,\u{3000}c , "]))
    #expect(orders == ["sks dog, a\tb, c", "sks dog, c, a\tb"])
    #expect(Set(captions(kept, of: [" , ,"], count: 10)) == [""])
  }

  @Test("alternatives are drawn equally often, and only the drawn one is shuffled")
  func alternatives() {
    let drawn = recipe { $0.captionAlternatives = true }
    #expect(drawn.isRandom)
    let texts = ["a, b", "c", "d"]
    let found = captions(drawn, of: texts, count: 30_000)
    for text in texts {
      #expect(isLikely(found.count { $0 == text }, of: 30_000, chance: 1.0 / 3))
    }
    #expect(drawn.caption(of: [], seed: 1, step: 0, sample: 0) == "")
    let both = recipe {
      $0.captionAlternatives = true
      $0.captionShuffle = true
    }
    #expect(Set(captions(both, of: texts)) == ["a, b", "b, a", "c", "d"])
  }

  @Test("dropout empties its share of the captions, with prefix and suffix")
  func dropout() {
    let dropping = recipe {
      $0.captionDropout = 0.1
      $0.captionPrefix = "photo of"
    }
    #expect(dropping.isRandom)
    let found = captions(dropping, of: ["a dog"], count: 20_000)
    #expect(isLikely(found.count { $0.isEmpty }, of: 20_000, chance: 0.1))
    #expect(Set(found) == ["", "photo of a dog"])
    #expect(dropping.plain(["a dog"]) == "photo of a dog")
    #expect(Set(captions(recipe { $0.captionDropout = 1 }, of: ["a dog"])) == [""])
  }

  @Test("a caption depends on seed, step and sample, and on nothing else")
  func draws() {
    let random = recipe {
      $0.captionAlternatives = true
      $0.captionShuffle = true
      $0.captionDropout = 0.3
    }
    let texts = ["a, b, c, d, e", "1, 2, 3, 4, 5"]
    func caption(seed: UInt64 = 7, step: Int, sample: Int) -> String {
      random.caption(of: texts, seed: seed, step: step, sample: sample)
    }
    let forward = (0..<500).map { caption(step: $0, sample: 0) }
    let backward = (0..<500).reversed().map { caption(step: $0, sample: 0) }
    #expect(forward == backward.reversed())
    #expect(forward != (0..<500).map { caption(step: $0, sample: 1) })
    #expect(forward != (0..<500).map { caption(seed: 8, step: $0, sample: 0) })
    #expect(forward != (0..<500).map { caption(step: 0, sample: $0) })
  }

  @Test("dropout, line and order are drawn independently")
  func independence() {
    let random = recipe {
      $0.captionAlternatives = true
      $0.captionShuffle = true
      $0.captionDropout = 0.5
    }
    let texts = ["a, b", "c, d"]
    // An independent dropout halves the number of each of the four captions.
    let undropped = recipe {
      $0.captionAlternatives = true
      $0.captionShuffle = true
    }
    let all = captions(undropped, of: texts, count: 20_000)
    let left = captions(random, of: texts, count: 20_000)
    for caption in ["a, b", "b, a", "c, d", "d, c"] {
      let before = all.count { $0 == caption }
      #expect(isLikely(before, of: 20_000, chance: 0.25))
      #expect(isLikely(left.count { $0 == caption }, of: before, chance: 0.5))
    }
    // A caption that is not dropped is the same as without dropout.
    for (drawn, kept) in zip(all, left) where !kept.isEmpty { #expect(drawn == kept) }
  }

  @Test("an excerpt has both ends of a long text and at most the given number of characters")
  func excerpt() {
    #expect("short".excerpt() == "short")
    let exact = String(repeating: "x", count: 80)
    #expect(exact.excerpt() == exact)
    let long = (exact + "é").excerpt()
    #expect(long.count == 80 && long.contains("...") && long.hasSuffix("é"))
    #expect("abcdefghij".excerpt(8) == "abc...ij")
  }
}
