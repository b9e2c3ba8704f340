import Foundation

/// How the caption of a sample is made of the captions of its image.
///
/// Every draw is a pure function of the seed, the optimizer step and the number of the sample in
/// it.
public struct CaptionRecipe: Sendable, Equatable {
  private let prefix: String?
  private let suffix: String?
  private let drawsLine: Bool
  private let shufflesParts: Bool
  private let keptParts: Int
  private let dropout: Double

  /// The recipe of a configuration.
  public init(_ config: DatasetOptions) {
    prefix = config.captionPrefix
    suffix = config.captionSuffix
    drawsLine = config.captionAlternatives
    shufflesParts = config.captionShuffle
    keptParts = max(config.keepTokens, 0)
    dropout = config.captionDropout
  }

  /// Whether samples of one image may have different captions.
  public var isRandom: Bool { drawsLine || shufflesParts || dropout > 0 }

  /// The caption of a sample: empty if it is dropped, else one of the alternatives between prefix
  /// and suffix. Its parts between commas are shuffled after the first `keep_tokens`.
  public func caption(
    of alternatives: [String], seed: UInt64, step: Int, sample: Int
  ) -> String {
    func value(_ purpose: CounterRandom.Purpose) -> UInt64 {
      CounterRandom.value(seed: seed, step: step, sample: sample, purpose: purpose)
    }
    // 53 bits: a number of at least 0 and below 1.
    if Double(value(.captionDropout) >> 11) * 0x1p-53 < dropout { return "" }
    var line = alternatives.first ?? ""
    if drawsLine, !alternatives.isEmpty {
      let index = CounterRandom.index(
        below: alternatives.count, seed: seed, step: step, sample: sample, purpose: .captionLine)
      line = alternatives[index]
    }
    return framed(shufflesParts ? shuffled(line, seed: value(.captionOrder)) : line)
  }

  /// The caption without random choices, for reports and validation images: the first of the
  /// alternatives between prefix and suffix.
  public func plain(_ alternatives: [String]) -> String { framed(alternatives.first ?? "") }

  private func framed(_ text: String) -> String {
    [prefix ?? "", text, suffix ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// Fisher-Yates; the draw for each place follows from `seed` and the place.
  private func shuffled(_ line: String, seed: UInt64) -> String {
    let trimmed = line.split(separator: ",").map {
      $0.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let parts = trimmed.filter { !$0.isEmpty }
    var others = Array(parts.dropFirst(keptParts))
    for place in others.indices.reversed() {
      let other = CounterRandom.index(
        below: place + 1, seed: seed, step: 0, sample: place, purpose: .captionOrder)
      others.swapAt(place, other)
    }
    return (parts.prefix(keptParts) + others).joined(separator: ", ")
  }
}
