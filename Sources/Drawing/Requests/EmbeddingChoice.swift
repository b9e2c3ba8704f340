import Foundation
import Options

/// An embedding (textual inversion): its file, and the word that stands for it in prompts.
package struct EmbeddingChoice: TextOption {
  package static let form =
    "a file, or a file and the word for it after a colon, as in file.safetensors:word"

  package let path: String
  /// The word in prompts.
  package let word: String

  /// - Parameter word: nil: the file's name without its ending.
  package init(path: String, word: String? = nil) {
    self.path = path
    self.word = word ?? URL(filePath: path).deletingPathExtension().lastPathComponent
  }

  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: text) else {
      self.init(path: text)
      return
    }
    let word = String(text[text.index(after: colon)...])
    guard !word.isEmpty, !word.contains("/"), colon > text.startIndex else { return nil }
    self.init(path: String(text[..<colon]), word: word)
  }

  package var text: String { "\(path):\(word)" }
}
