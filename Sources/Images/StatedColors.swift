import CImageCodecs

/// The colours that a file states: by a profile, by codes (ITU-T H.273), by chromaticities, or by a
/// gamma.
struct StatedColors {
  /// The name for reports; nil for sRGB or no statement.
  let name: String?
  /// Whether decoding converts them to sRGB.
  let isConverted: Bool

  init(_ header: ci_header, profile: ICCProfile?) {
    isConverted = header.colors == CI_COLORS_CONVERTED
    if header.colors == CI_COLORS_SRGB {
      name = Self.gamma(header.gamma)
    } else if let profile {
      name = isConverted ? profile.name ?? "an unnamed profile" : profile.otherThanSRGB
    } else if header.has_chromaticities != 0 {
      let gamma = Self.gamma(header.gamma).map { " with \($0)" } ?? ""
      name = "the primaries in its cHRM\(gamma)"
    } else {
      name = Self.coded(primaries: Int(header.primaries), transfer: Int(header.transfer))
    }
  }

  /// PNG specification (third edition) section 11.3.2.2: sRGB has 45455. Less than 2 % more or less
  /// is rounding.
  private static func gamma(_ value: UInt32) -> String? {
    guard value > 0, !(44546...46364).contains(value) else { return nil }
    let rounded = (Double(value) / 1000).rounded() / 100
    return "a gamma of \(rounded)"
  }

  /// ITU-T H.273 tables 2 and 3.
  private static func coded(primaries: Int, transfer: Int) -> String {
    let colors =
      switch primaries {
      case 0, 1, 2: "sRGB colours"
      case 4, 5, 6, 7, 22: "video colours"
      case 9: "BT.2020"
      case 10: "CIE XYZ"
      case 11: "DCI-P3"
      case 12: "Display P3"
      default: "colours of code \(primaries)"
      }
    return switch transfer {
    case 0, 1, 2, 6, 7, 13, 14, 15: colors
    case 4: "\(colors) with a gamma of 2.2"
    case 5: "\(colors) with a gamma of 2.8"
    case 8: "linear \(colors)"
    case 16: "\(colors) with HDR (PQ)"
    case 18: "\(colors) with HDR (HLG)"
    default: "\(colors) with the curve of code \(transfer)"
    }
  }
}
