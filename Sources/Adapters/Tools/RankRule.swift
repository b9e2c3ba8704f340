/// How many singular values of a layer are kept. The methods are those of kohya's `resize_lora.py`.
public struct RankRule: Sendable, Equatable {
  /// What decides besides the limits.
  public enum Method: Sendable, Equatable {
    /// The limit alone.
    case limit
    /// `sv_ratio`: the singular values above the largest divided by this number.
    case ratio(Double)
    /// `sv_fro`: the fewest that keep this share of the Frobenius norm.
    case frobenius(Double)
    /// `sv_cumulative`: the fewest that keep this share of their sum.
    case cumulative(Double)
  }

  /// A layer whose largest singular value is not above this has no effect, and gets rank 1.
  private static let smallestValue = 1e-6

  /// What decides besides the limits.
  public var method: Method
  /// The largest rank; nil for no limit.
  public var limit: Int?
  /// The largest rank of a convolution with a kernel above 1 x 1; nil for `limit`.
  public var convolutionLimit: Int?

  /// A rule.
  public init(_ method: Method, limit: Int? = nil, convolutionLimit: Int? = nil) {
    self.method = method
    self.limit = limit
    self.convolutionLimit = convolutionLimit
  }

  /// The rank for a layer with these singular values, largest first, and a weight of this shape.
  func rank(of values: [Double], shape: [Int]) -> Int {
    guard let largest = values.first, largest > Self.smallestValue else { return 1 }
    let isConvolution = shape.count == 4 && shape[2] > 1
    let limit = (isConvolution ? convolutionLimit : nil) ?? limit ?? values.count
    return min(max(wanted(values, largest), 1), limit, values.count)
  }

  private func wanted(_ values: [Double], _ largest: Double) -> Int {
    switch method {
    case .limit: values.count
    case .ratio(let ratio): values.count { $0 > largest / ratio }
    case .frobenius(let share): Self.fewest(of: values.map { $0 * $0 }, keeping: share * share)
    case .cumulative(let share): Self.fewest(of: values, keeping: share)
    }
  }

  private static func fewest(of values: [Double], keeping share: Double) -> Int {
    let wanted = share * values.reduce(0, +)
    var sum = 0.0
    let last = values.firstIndex { value in
      sum += value
      return sum >= wanted
    }
    return (last ?? values.count - 1) + 1
  }
}
