public import Images

/// A part of a subject that is one colour.
public struct ColorArea: Sendable, Equatable {
  /// What it is called.
  public let name: String
  /// Its colour, and then other shades of it.
  public let shades: [RGBColor]
  /// How many of the 64 x 64 pixels it may have.
  public let pixels: ClosedRange<Int>

  /// An area of a colour and other shades of it, of any size unless said.
  public init(_ name: String, shades: [RGBColor], pixels: ClosedRange<Int> = 0...4096) {
    self.name = name
    self.shades = shades
    self.pixels = pixels
  }
}

/// Where a subject's areas of colour are to each other.
public struct ColorLayout: Sendable {
  /// What must hold of two areas.
  public enum Rule: Sendable {
    /// So many pixels of the first lie higher than the second.
    case above(ColorArea, ColorArea, pixels: Int)
    /// So many pixels of the first lie left or right of the second.
    case beside(ColorArea, ColorArea, pixels: Int)
  }

  /// A pixel belongs to the area that has the nearest shade, if it is at most so far from it in RGB
  /// and nearer than to the background.
  static let tolerance: Float = 80
  /// An area whose colour is at most so far from the background's cannot be seen, and nothing is
  /// asked of it.
  static let invisible: Float = 50

  /// All areas, also those without a rule: they keep their pixels from the others.
  public let areas: [ColorArea]
  /// What must hold.
  public let rules: [Rule]

  /// A layout of these areas.
  public init(areas: [ColorArea], rules: [Rule]) {
    self.areas = areas
    self.rules = rules
  }

  /// What of this layout does not hold in a picture, each in a few words; empty: all holds.
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

  /// Whether an area that must be there cannot be told from a background.
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

  /// How many pixels of the first area are where they should be; the twentieth of the second that is
  /// outermost on either side is taken for strays.
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
