import Files
package import Foundation
import NN
import StableDiffusion

/// `manifest.jsonl`: a line of JSON for each drawn picture, in the campaign's order.
package enum CampaignManifest {
  package static let name = "manifest.jsonl"

  package struct Line: Encodable, Sendable {
    let file: String
    let values: [String: String]
    let parameters: PictureRecord

    package init(_ picture: Campaign.Picture, _ parameters: PictureRecord) {
      file = picture.file
      values = picture.values
      self.parameters = parameters
    }
  }

  /// Replaces the file atomically. Throws `FileAccessError`.
  package static func write(_ lines: [Line], to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = Data()
    for line in lines { text += try encoder.encode(line) + Data("\n".utf8) }
    try DurableFile.replace(url, with: text)
  }
}
