import Foundation
import Options

/// An adapter file and its strength, such as `file.safetensors:0.8`.
package struct AdapterChoice: TextOption {
  package static let form =
    "a file, or a file and a number after a colon, as in file.safetensors:0.8"

  package let path: String
  package var strength: Double
  /// The name in the records of pictures, such as `dog@500`.
  package let name: String

  /// - Parameter name: nil: the file's name, or subject and step for the adapter of a checkpoint.
  package init(path: String, strength: Double, name: String? = nil) {
    self.path = path
    self.strength = strength
    self.name = name ?? Self.name(of: URL(filePath: path))
  }

  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: text) else {
      self.init(path: text, strength: 1)
      return
    }
    guard let strength = Double(text[text.index(after: colon)...]), strength.isFinite else {
      return nil
    }
    self.init(path: String(text[..<colon]), strength: strength)
  }

  package var text: String { "\(path):\(strength)" }

  private static func name(of file: URL) -> String {
    let folders = file.pathComponents.dropLast().suffix(3)
    let endings = ["adapter.safetensors": "", "ema.safetensors": "-ema"]
    guard let ending = endings[file.lastPathComponent], folders.count == 3,
      let subject = folders.first, folders.dropFirst().first?.hasPrefix("run-") == true,
      let step = folders.last?.split(separator: "-").last.flatMap({ Int($0) })
    else { return file.lastPathComponent }
    return "\(subject)@\(step)\(ending)"
  }
}
