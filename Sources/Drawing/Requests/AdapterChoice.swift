import Foundation
package import Options

/// An adapter file and its scale, as `file.safetensors:0.8`.
package struct AdapterChoice: TextOption {
  package static let form =
    "a file, or a file and a number after a colon, as in file.safetensors:0.8"

  package let path: String
  package var scale: Double
  /// What images record it as: `dog@500`.
  package let name: String

  /// - Parameter name: nil: the file's name; a checkpoint's, which all have one, by subject and step.
  package init(path: String, scale: Double, name: String? = nil) {
    self.path = path
    self.scale = scale
    self.name = name ?? Self.name(of: URL(filePath: path))
  }

  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: text) else {
      self.init(path: text, scale: 1)
      return
    }
    guard let scale = Double(text[text.index(after: colon)...]), scale.isFinite else { return nil }
    self.init(path: String(text[..<colon]), scale: scale)
  }

  package var text: String { "\(path):\(scale)" }

  private static func name(of file: URL) -> String {
    let folders = file.pathComponents.dropLast().suffix(3)
    guard file.lastPathComponent == "adapter.safetensors", folders.count == 3,
      let subject = folders.first, folders.dropFirst().first?.hasPrefix("run-") == true,
      let step = folders.last?.split(separator: "-").last.flatMap({ Int($0) })
    else { return file.lastPathComponent }
    return "\(subject)@\(step)"
  }
}
