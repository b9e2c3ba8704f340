package import Options
public import StableDiffusion

/// An option's value that is written as text in its own form, such as `1024x768`.
package protocol TextOption: OptionValue {
  /// Reads the text; nil if it does not have the form.
  init?(_ text: String)

  /// The allowed form, for error messages.
  static var form: String { get }
}

extension TextOption {
  package static var kind: OptionKind { .text }
  package var yaml: String { text.yaml }

  /// Reads the text. Fails with `form` as the description.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = Self(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.form)
    }
    self = value
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// Width and height in pixels, such as `1024x768`.
package struct ImageSize: TextOption {
  package static let form = "width x height in pixels, as in 1024x768"

  package let width: Int
  package let height: Int

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  package init?(_ text: String) {
    let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
      .map { Int($0) }
    guard sides.count == 2, let width = sides[0], let height = sides[1],
      (1...65_536).contains(width), (1...65_536).contains(height)
    else { return nil }
    self.init(width: width, height: height)
  }

  package var text: String { "\(width)x\(height)" }
}

/// The rows cropped at the top and the columns cropped at the left, such as `0,128`.
package struct CropOffset: TextOption {
  package static let form = "rows at the top and columns at the left, as in 0,128"

  package let top: Int
  package let left: Int

  package init(top: Int, left: Int) {
    self.top = top
    self.left = left
  }

  package init?(_ text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let top = parts[0], let left = parts[1],
      (0...65_536).contains(top), (0...65_536).contains(left)
    else { return nil }
    self.init(top: top, left: left)
  }

  package var text: String { "\(top),\(left)" }
}

extension SchedulerName: TextOption {
  /// Reads a name in any of its spellings.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let name = Self(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.form)
    }
    self = name
  }

  /// Writes the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  package static var form: String { allowed }
  package static var kind: OptionKind { .choice(allCases.map(\.rawValue)) }
  package var text: String { rawValue }
}

extension VAETiling: ConfigChoice {}
