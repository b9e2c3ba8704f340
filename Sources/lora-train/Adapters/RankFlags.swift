import Adapters
import ArgumentParser

/// The rank of a new LoRA.
struct RankFlags: ParsableArguments {
  @Option(help: .value("Rank. With one of the following options: the largest rank.", "n"))
  var rank: Int?
  @Option(
    help: .value(
      "Rank of convolutions with a kernel above 1 x 1. Default: the value of --rank.", "n"))
  var convRank: Int?
  @Option(
    help: .value(
      "Lowest rank of a layer that keeps this share of its Frobenius norm: 0.9.", "share"))
  var svFro: Double?
  @Option(
    help: .value(
      "Lowest rank of a layer that keeps this share of the sum of its singular values: 0.8.",
      "share"))
  var svCumulative: Double?
  @Option(
    help: .value(
      "Keep the singular values of a layer that are above its largest, divided by this number: 10.",
      "x"))
  var svRatio: Double?

  func validate() throws {
    for (name, rank) in [("rank", rank), ("conv-rank", convRank)] {
      if let rank, rank < 1 {
        throw ValidationError("--\(name) is \(rank), but must be 1 or more.")
      }
    }
    for (name, share) in [("sv-fro", svFro), ("sv-cumulative", svCumulative)] {
      if let share, !(share > 0 && share <= 1) {
        throw ValidationError("--\(name) is \(share), but must be above 0 and at most 1.")
      }
    }
    if let svRatio, !(svRatio >= 1 && svRatio.isFinite) {
      throw ValidationError("--sv-ratio is \(svRatio), but must be 1 or more.")
    }
    guard [svFro, svCumulative, svRatio].count(where: { $0 != nil }) < 2 else {
      throw ValidationError(
        "--sv-fro, --sv-cumulative and --sv-ratio exclude each other; choose one.")
    }
  }

  /// The rule; nil if no option is given.
  var rule: RankRule? {
    let methods: [RankRule.Method?] = [
      svFro.map { .frobenius($0) }, svCumulative.map { .cumulative($0) },
      svRatio.map { .ratio($0) },
    ]
    let method = methods.compactMap { $0 }.first
    guard method != nil || rank != nil || convRank != nil else { return nil }
    return RankRule(method ?? .limit, limit: rank, convolutionLimit: convRank)
  }
}
