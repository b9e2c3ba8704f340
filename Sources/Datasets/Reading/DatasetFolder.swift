import Files
import Foundation

/// The files of one folder by their purpose. Lists are sorted by the bytes of the names.
struct DatasetFolder {
  /// Names of the folder of validation images in a dataset: the present one, and the former one,
  /// which is still read.
  static let validationNames = ["validation", "held-out"]

  let url: URL
  /// Images that are read.
  private(set) var images: [String] = []
  /// Masks by the stem of their image. The first of a list is used.
  private(set) var masks: [String: [String]] = [:]
  /// Images of formats that are not read.
  private(set) var unsupportedImages: [String] = []
  /// Text files by their stem. A text is a caption if an image has the same stem.
  private(set) var texts: [String: String] = [:]
  /// Whether there is a `metadata.jsonl`.
  private(set) var hasMetadata = false
  /// Captions under the names of other programs, which are not read.
  private(set) var foreignCaptions: [String] = []
  /// The names of the folders inside.
  private(set) var folders: [String] = []
  /// Broken and circular links, which may be meant as folders.
  private(set) var brokenLinks: [String] = []

  /// Lists the folder. Hidden files and files of other kinds are not part of the dataset. Throws
  /// `DatasetError.unreadable`.
  init(_ url: URL) throws(DatasetError) {
    self.url = url
    var imageNames: [String] = []
    for name in try Self.names(in: url) {
      let isFolder = Self.isFolder(url.appending(path: name, directoryHint: .notDirectory))
      if isFolder == true {
        folders.append(name)
        continue
      }
      switch name.pathExtension.lowercased() {
      case "jpg", "jpeg", "png": imageNames.append(name)
      case "txt": texts[name.pathStem] = name
      case "jsonl" where name == CaptionMetadata.fileName: hasMetadata = true
      case "caption", "captions", "cap", "text": foreignCaptions.append(name)
      case "csv", "parquet":
        if ForeignCaptions.names.contains(name) { foreignCaptions.append(name) }
      case "webp", "heic", "heif", "avif", "bmp", "gif", "tif", "tiff", "jxl", "jp2":
        unsupportedImages.append(name)
      default: if isFolder == nil { brokenLinks.append(name) }
      }
    }
    sort(imageNames)
  }

  /// Separates masks from the images that they belong to.
  private mutating func sort(_ imageNames: [String]) {
    let stems = Set(imageNames.map(\.pathStem))
    for name in imageNames {
      let owner = name.maskedStem
      if let owner, stems.contains(owner) {
        masks[owner, default: []].append(name)
      } else {
        images.append(name)
      }
    }
  }

  /// Whether a path leads to a folder, also over links; nil: it does not exist.
  static func isFolder(_ url: URL) -> Bool? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      return nil
    }
    return isFolder.boolValue
  }

  /// The names in a folder that are not hidden, sorted by their bytes.
  static func names(in folder: URL) throws(DatasetError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { !$0.hasPrefix(".") }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw .unreadable(folder.relativePath, reason: error.reason)
    }
  }
}

extension String {
  /// `dog.` for `dog.jpg`: without its extension.
  var pathStem: String { String(dropLast(pathExtension.count)) }

  /// What follows the last dot; empty when there is none.
  var pathExtension: String {
    lastIndex(of: ".").map { String(self[index(after: $0)...]) } ?? ""
  }

  /// `dog.` for `dog-mask.png` and OneTrainer's `dog-masklabel.png`.
  fileprivate var maskedStem: String? {
    for ending in ["-mask.png", "-masklabel.png"] where lowercased().hasSuffix(ending) {
      return dropLast(ending.count) + "."
    }
    return nil
  }
}
