public import Images

/// The twelve colours that the demo model has words for, with the values of its training scenes
/// (Scripts/demo-model).
public enum PaletteColor: String, CaseIterable, Sendable {
  case red
  case green
  case blue
  case yellow
  case orange
  case purple
  case pink
  case cyan
  case white
  case gray
  case brown
  case black

  /// The RGB value.
  public var color: RGBColor {
    switch self {
    case .red: RGBColor(red: 214, green: 48, blue: 42)
    case .green: RGBColor(red: 60, green: 168, blue: 72)
    case .blue: RGBColor(red: 48, green: 92, blue: 214)
    case .yellow: RGBColor(red: 244, green: 212, blue: 60)
    case .orange: RGBColor(red: 240, green: 138, blue: 40)
    case .purple: RGBColor(red: 132, green: 62, blue: 176)
    case .pink: RGBColor(red: 244, green: 150, blue: 190)
    case .cyan: RGBColor(red: 70, green: 204, blue: 214)
    case .white: RGBColor(red: 244, green: 244, blue: 244)
    case .gray: RGBColor(red: 128, green: 130, blue: 134)
    case .brown: RGBColor(red: 134, green: 86, blue: 50)
    case .black: RGBColor(red: 34, green: 34, blue: 38)
    }
  }

  /// The word with its article: `an orange`.
  public var withArticle: String { self == .orange ? "an orange" : "a \(rawValue)" }

  /// The palette's colour that is nearest in RGB.
  public static func nearest(to color: RGBColor) -> PaletteColor {
    allCases.min { $0.color.distance(to: color) < $1.color.distance(to: color) } ?? .black
  }
}

extension RGBColor {
  /// The distance in RGB, 0 to 442.
  func distance(to other: RGBColor) -> Float {
    let red = Float(self.red) - Float(other.red)
    let green = Float(self.green) - Float(other.green)
    let blue = Float(self.blue) - Float(other.blue)
    return (red * red + green * green + blue * blue).squareRoot()
  }
}
