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
  private let separator: String?
  private let dropout: Double

  /// The recipe of a configuration.
  public init(_ config: DatasetOptions) {
    prefix = config.captionPrefix
    suffix = config.captionSuffix
    drawsLine = config.captionAlternatives
    shufflesParts = config.captionShuffle
    keptParts = max(config.keepTokens, 0)
    separator = config.keepTokensSeparator
    dropout = config.captionDropout
  }

  /// Whether samples of one image may have different captions.
  public var isRandom: Bool { drawsLine || shufflesParts || dropout > 0 }

  /// The caption of a sample: empty if it is dropped, else one of the alternatives between prefix
  /// and suffix. Its parts between commas are shuffled after the first `keep_tokens`, or between the
  /// separators.
  public func caption(
    of alternatives: [String], seed: UInt64, step: Int, sample: Int
  ) -> String {
    let draw = CounterRandom.share(
      seed: seed, step: step, sample: sample, purpose: .captionDropout)
    if draw < dropout { return "" }
    var line = alternatives.first ?? ""
    if drawsLine, !alternatives.isEmpty {
      let index = CounterRandom.index(
        below: alternatives.count, seed: seed, step: step, sample: sample, purpose: .captionLine)
      line = alternatives[index]
    }
    let order = CounterRandom.value(
      seed: seed, step: step, sample: sample, purpose: .captionOrder)
    return framed(arranged(line, seed: shufflesParts ? order : nil))
  }

  /// The caption without random choices, for reports and validation images: the first of the
  /// alternatives between prefix and suffix.
  public func plain(_ alternatives: [String]) -> String {
    framed(arranged(alternatives.first ?? "", seed: nil))
  }

  private func framed(_ text: String) -> String {
    [prefix ?? "", text, suffix ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// The line without separators, as in sd-scripts: kept, shuffled, kept. A line without any is shuffled
  /// after the first parts. nil as `seed`: nothing is shuffled.
  private func arranged(_ line: String, seed: UInt64?) -> String {
    guard let separator, let first = line.firstRange(of: separator) else {
      return seed.map { shuffled(line, seed: $0) } ?? line
    }
    let rest = line[first.upperBound...]
    let second = rest.firstRange(of: separator)
    var middle = Self.parts(rest[..<(second?.lowerBound ?? rest.endIndex)])
    if let seed { Self.shuffle(&middle, seed: seed) }
    let end = second.map { String(rest[$0.upperBound...]).replacing(separator, with: ",") } ?? ""
    return (Self.parts(line[..<first.lowerBound]) + middle + Self.parts(end))
      .joined(separator: ", ")
  }

  private func shuffled(_ line: String, seed: UInt64) -> String {
    let parts = Self.parts(line)
    var others = Array(parts.dropFirst(keptParts))
    Self.shuffle(&others, seed: seed)
    return (parts.prefix(keptParts) + others).joined(separator: ", ")
  }

  /// The parts between commas.
  private static func parts(_ line: some StringProtocol) -> [String] {
    line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
      .filter { !$0.isEmpty }
  }

  /// Fisher-Yates; the draw for each place follows from `seed` and the place.
  private static func shuffle(_ parts: inout [String], seed: UInt64) {
    for place in parts.indices.reversed() {
      let other = CounterRandom.index(
        below: place + 1, seed: seed, step: 0, sample: place, purpose: .captionOrder)
      parts.swapAt(place, other)
    }
  }
}
