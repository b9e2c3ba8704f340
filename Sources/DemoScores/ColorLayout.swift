public import Images

/// A part of a subject that is one colour.
public struct ColorArea: Sendable, Equatable {
  /// Its name in violations.
  public let name: String
  /// Its colour, followed by other shades of it.
  public let shades: [RGBColor]
  /// Allowed numbers of its pixels, of 64 x 64.
  public let pixels: ClosedRange<Int>

  /// An area of a colour and other shades of it, by default of any size.
  public init(_ name: String, shades: [RGBColor], pixels: ClosedRange<Int> = 0...4096) {
    self.name = name
    self.shades = shades
    self.pixels = pixels
  }
}

/// The positions of a subject's areas of colour relative to each other.
public struct ColorLayout: Sendable {
  /// A condition on two areas.
  public enum Rule: Sendable {
    /// At least `pixels` pixels of the first lie above the second.
    case above(ColorArea, ColorArea, pixels: Int)
    /// At least `pixels` pixels of the first lie left or right of the second.
    case beside(ColorArea, ColorArea, pixels: Int)
  }

  /// A pixel belongs to the area with the nearest shade, if its distance to it in RGB is below this
  /// and below its distance to the background.
  static let tolerance: Float = 80
  /// An area whose colour is at most this far from the background's cannot be seen, and is not
  /// checked.
  static let invisible: Float = 50

  /// All areas. Those without a rule keep their pixels from the other areas.
  public let areas: [ColorArea]
  /// The conditions on the areas.
  public let rules: [Rule]

  /// A layout of these areas.
  public init(areas: [ColorArea], rules: [Rule]) {
    self.areas = areas
    self.rules = rules
  }

  /// The violations of this layout in a picture, each in a few words.
  func violations(in picture: ScoredPicture) -> [String] {
    let visible = areas.filter { $0.isVisible(on: picture.background) }
    let found = places(of: visible, in: picture)
    var violations: [String] = []
    for area in visible {
      let count = found[area.name]?.count ?? 0
      if !area.pixels.contains(count) { violations.append("\(area.name) has \(count) pixels") }
    }
    for rule in rules {
      let (first, second, least, relation) = rule.parts
      guard visible.contains(first), visible.contains(second) else { continue }
      let count = rule.count(found[first.name] ?? [], found[second.name] ?? [])
      if count < least {
        violations.append("\(count) pixels of \(first.name) \(relation) \(second.name)")
      }
    }
    return violations
  }

  /// Whether a required area cannot be distinguished from a background.
  func hidesRequiredArea(on background: RGBColor) -> Bool {
    areas.contains { $0.pixels.lowerBound > 0 && !$0.isVisible(on: background) }
  }

  /// The pixels of each area by its name.
  private func places(
    of areas: [ColorArea], in picture: ScoredPicture
  ) -> [String: [(x: Int, y: Int)]] {
    var places: [String: [(x: Int, y: Int)]] = [:]
    for (index, color) in picture.colors.enumerated() {
      var nearest = min(Self.tolerance, color.distance(to: picture.background))
      var owner: String?
      for area in areas {
        for shade in area.shades where color.distance(to: shade) < nearest {
          nearest = color.distance(to: shade)
          owner = area.name
        }
      }
      if let owner {
        places[owner, default: []].append(
          (index % ScoredPicture.side, index / ScoredPicture.side))
      }
    }
    return places
  }
}

extension ColorArea {
  fileprivate func isVisible(on background: RGBColor) -> Bool {
    shades[0].distance(to: background) > ColorLayout.invisible
  }
}

extension ColorLayout.Rule {
  fileprivate var parts: (ColorArea, ColorArea, pixels: Int, relation: String) {
    switch self {
    case .above(let first, let second, let pixels): (first, second, pixels, "above")
    case .beside(let first, let second, let pixels): (first, second, pixels, "beside")
    }
  }

  /// The number of pixels of the first area that are where they should be. The outermost twentieth
  /// of the second area on each side is ignored as stray pixels.
  fileprivate func count(_ first: [(x: Int, y: Int)], _ second: [(x: Int, y: Int)]) -> Int {
    guard !second.isEmpty else { return 0 }
    func extent(_ values: [Int]) -> (low: Int, high: Int) {
      let sorted = values.sorted()
      return (sorted[sorted.count / 20], sorted[sorted.count - 1 - sorted.count / 20])
    }
    switch self {
    case .above:
      let top = extent(second.map(\.y)).low
      return first.count { $0.y < top }
    case .beside:
      let (left, right) = extent(second.map(\.x))
      return first.count { $0.x < left || $0.x > right }
    }
  }
}
