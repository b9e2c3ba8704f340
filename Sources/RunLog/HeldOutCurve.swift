import Foundation

/// The held-out losses of a run, and what they say.
public struct HeldOutCurve: Sendable, Equatable {
  /// How far the last loss may lie above the lowest before that counts as over-fitting: what single
  /// training steps do to the curve lies below.
  static let tolerance = 0.05

  private let points: [ValidationRecord]
  private let first: ValidationRecord
  private let last: ValidationRecord

  /// The evaluations in order of steps; nil where there are none.
  public init?(_ points: [ValidationRecord]) {
    guard let first = points.first, let last = points.last else { return nil }
    self.points = points
    self.first = first
    self.last = last
  }

  /// The evaluation with the lowest loss, the first of equals.
  public var lowest: ValidationRecord {
    points.reduce(first) { $1.loss < $0.loss ? $1 : $0 }
  }

  /// At most so many of the evaluations, evenly apart, and always the last.
  public func thinned(to count: Int) -> [ValidationRecord] {
    let stride = (points.count + count - 1) / count
    return points.enumerated().filter { (points.count - 1 - $0.offset).isMultiple(of: stride) }
      .map(\.element)
  }

  /// One sentence on whether training still helps with pictures that it does not see.
  public var summary: String {
    let lowest = lowest
    let best = "\(format(lowest.loss)) at step \(lowest.step)"
    guard points.count > 1 else { return "Held-out loss: \(best), the only evaluation so far." }
    guard lowest.step != last.step else { return "Held-out loss: lowest \(best): still falling." }
    let rise = last.loss / lowest.loss - 1
    let verdict =
      if rise < Self.tolerance {
        "level since then"
      } else if lowest.step == first.step {
        "over-fitting from the start"
      } else {
        "over-fitting since then"
      }
    return "Held-out loss: lowest \(best); \(format(last.loss)) at step \(last.step) "
      + "(\(Int((100 * rise).rounded())) % above it: \(verdict))."
  }

  private func format(_ loss: Double) -> String { String(format: "%.4f", loss) }
}
