/// What a file contains instead of an image of a known format, by its first bytes.
public enum OtherContent: String, Sendable, CaseIterable {
  case jpegXL = "a JPEG XL image"
  case jpeg2000 = "a JPEG 2000 image"
  case photoshop = "a Photoshop file"
  case cameraRaw = "a camera's raw file"
  case svg = "an SVG drawing"
  case video = "a video"
  case pdf = "a PDF document"
  case text
  case unknown = "of an unknown kind"

  /// The content of a file that starts with `bytes` and has no known image format.
  init(startingWith bytes: some Collection<UInt8>) {
    let start = Array(bytes.prefix(64))
    func has(_ text: String, at offset: Int = 0) -> Bool {
      start.dropFirst(offset).starts(with: text.utf8)
    }
    let isText = start.allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
    self =
      switch true {
      case has("\0\0\0\u{0C}JXL "), start.starts(with: [0xFF, 0x0A]): .jpegXL
      case has("\0\0\0\u{0C}jP  "): .jpeg2000
      case has("8BPS"): .photoshop
      case has("ftypcrx", at: 4), has("FUJIFILMCCD-RAW"), has("IIRO"), has("IIU\0"): .cameraRaw
      case has("ftyp", at: 4): .video
      case has("<svg"): .svg
      case has("%PDF"): .pdf
      case isText: .text
      default: .unknown
      }
  }
}
