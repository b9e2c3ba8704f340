/// The point of an image that its crop is to show, as far as possible in the crop's middle.
public struct FocusPoint: Sendable, Hashable {
  /// From the left edge, 0, to the right edge, 1, of the upright image.
  public var x: Double
  /// From the upper edge, 0, to the lower edge, 1, of the upright image.
  public var y: Double

  /// A point by its shares of width and height, each from 0 to 1.
  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }

  /// A point by a list of the two shares; nil for any other list.
  init?(_ shares: [Double]) {
    guard shares.count == 2, shares.allSatisfy({ (0...1).contains($0) }) else { return nil }
    self.init(x: shares[0], y: shares[1])
  }
}
