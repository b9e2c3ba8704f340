import ArgumentParser
import StableDiffusion

/// A second model that improves what the first has drawn.
struct RefinerOptions: ParsableArguments {
  /// Where the base ends when nothing is said.
  private static let standardSplit = 0.8

  @Option(
    help: .value("A refiner: a folder, or the name of an installed one, as demo-refiner.", "model"))
  var refiner: String?
  @Option(
    help: .value(
      "Share of the noise after which the refiner goes on. Default: \(standardSplit).", "x"))
  var split: Double?
  @Option(
    help: .value(
      "Instead, let the refiner draw over the finished picture, with this share of the steps.", "x")
  )
  var refinerStrength: Double?
  @Option(help: .value("How beautiful the refiner is told the picture is, 1 to 10.", "x"))
  var aestheticScore = 6.0
  @Option(help: .value("The same with the negative prompt.", "x"))
  var negativeAestheticScore = 2.5

  func validate() throws {
    if refiner == nil, split != nil || refinerStrength != nil {
      throw ValidationError(
        "--\(split == nil ? "refiner-strength" : "split") needs a refiner; give one with --refiner."
      )
    }
    if split != nil && refinerStrength != nil {
      throw ValidationError(
        "--split and --refiner-strength are two ways to use a refiner; choose one.")
    }
    if let split, !(split > 0 && split < 1) {
      throw ValidationError("--split is \(split), but must be between 0 and 1.")
    }
    if let refinerStrength, !(refinerStrength > 0 && refinerStrength <= 1) {
      throw ValidationError(
        "--refiner-strength is \(refinerStrength), but must be above 0 and at most 1.")
    }
    for (name, score) in [
      ("aesthetic-score", aestheticScore), ("negative-aesthetic-score", negativeAestheticScore),
    ] where !(score.isFinite && (0...100).contains(score)) {
      throw ValidationError("--\(name) is \(score), but must be from 0 to 100.")
    }
  }

  /// How the refiner takes part.
  var refinement: Refinement {
    refinerStrength.map { .over(strength: $0) } ?? .ensemble(split: split ?? Self.standardSplit)
  }

  /// Sets what was said.
  func apply(to series: inout PictureSeries) {
    series.refinement = refinement
    series.aestheticScore = aestheticScore
    series.negativeAestheticScore = negativeAestheticScore
  }
}
