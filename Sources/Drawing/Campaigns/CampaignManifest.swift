import Files
public import Foundation
import NN
import StableDiffusion

/// `manifest.jsonl`: a line of JSON for each picture that is drawn, in the campaign's order.
public enum CampaignManifest {
  /// The file's name in the campaign's folder.
  public static let name = "manifest.jsonl"

  /// One picture's line.
  public struct Line: Encodable, Sendable {
    let file: String
    let values: [String: String]
    let parameters: PictureRecord

    /// A picture that was drawn with these parameters.
    public init(_ picture: Campaign.Picture, _ parameters: PictureRecord) {
      file = picture.file
      values = picture.values
      self.parameters = parameters
    }
  }

  /// Writes all lines, whole or not at all. Throws `FileAccessError`.
  public static func write(_ lines: [Line], to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text = Data()
    for line in lines { text += try encoder.encode(line) + Data("\n".utf8) }
    try DurableFile.replace(url, with: text)
  }
}
