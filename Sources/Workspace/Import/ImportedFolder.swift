import Datasets
import Foundation
import Images
import Options
import Training

/// A folder with training images of another program.
struct ImportedFolder {
  /// Its path as the other program has it.
  let path: String
  /// How often an epoch contains its images.
  var repeats = 1
  /// The caption of its images without one.
  var caption: String?

  /// The path from everywhere. Paths of Windows stay as they are.
  var absolutePath: String {
    path.contains("\\") ? path : URL(filePath: path).standardizedFileURL.path
  }

  private var url: URL { URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL }

  /// The folder above; nil if the name does not give repeats and caption in sd-scripts' form.
  var parentIfNamed: String? {
    guard let name = KohyaFolder(url.lastPathComponent), name.isPlausible, name.repeats == repeats,
      caption == nil || caption == name.caption
    else { return nil }
    return URL(filePath: path).deletingLastPathComponent().relativePath
  }

  /// The number of images in it; nil if it does not exist on this machine.
  var imageCount: Int? {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: url.path)
        .count { Self.extensions.contains(URL(filePath: $0).pathExtension.lowercased()) }
    } catch {
      return nil
    }
  }

  private static let extensions = Set(ImageFormat.allCases.flatMap(\.extensions))

  /// The number of images in an epoch; nil if a folder does not exist on this machine.
  static func imagesPerEpoch(_ folders: [ImportedFolder]) -> Int? {
    folders.reduce(into: 0 as Int?) { sum, folder in
      sum = sum.flatMap { sum in folder.imageCount.map { sum + $0 * folder.repeats } }
    }
  }
}

extension ImportDraft {
  /// Sets the dataset to folders with images. If one dataset folder cannot say all by its name and
  /// those of the folders in it, `subject.yaml` does.
  ///
  /// - Parameter subjectFolder: The folder that `subject.yaml` is written into; nil: the one that
  ///   suits.
  mutating func setDataset(_ folders: [ImportedFolder], subject: String, subjectFolder: String?) {
    guard let first = folders.first else { return }
    if folders.contains(where: { $0.path.contains("\\") }) {
      note(
        "the folder \(first.path)", .approximated,
        "a path of Windows; set dataset to the folder's path on this machine")
    }
    let parents = Set(folders.map(\.parentIfNamed))
    if parents.count == 1, let parent = parents.first ?? nil {
      return set(\.$dataset, to: parent)
    }
    let isAlone =
      subjectFolder.map { ImportedFolder(path: $0).absolutePath == first.absolutePath } ?? true
    if folders.count == 1, isAlone || first.caption == nil {
      set(\.$dataset, to: first.path)
      subjectLines += first.caption.map { ["caption: \($0.yaml)"] } ?? []
      return
    }
    set(\.$dataset, to: subjectFolder ?? "Datasets/\(subject)")
    subjectLines.append("folders:")
    subjectLines += folders.map { folder in
      let caption = folder.caption.map { ", caption: \($0.yaml)" } ?? ""
      return
        "  - {path: \(folder.absolutePath.yaml), repeats: \(folder.repeats)\(caption)}"
    }
  }
}
