import Foundation

@testable import Datasets

extension FuzzTarget {
  /// Files and names in dataset folders.
  static let datasets = [caption, captionMetadata, fileNames]

  private static let caption = FuzzTarget("caption") { bytes in
    for ending in ["txt", "tags", "json", "csv"] {
      try allowingRefusal {
        _ = try CaptionFile(contentsOf: Scratch.file("caption", "dog.\(ending)", bytes))
      }
    }
  }

  private static let captionMetadata = FuzzTarget("caption-metadata") { bytes in
    let images = ImageNames(["dog.jpg", "Dog.png", "01.jpg", "a b.webp"])
    for name in ["metadata.jsonl", "metadata.csv", "meta_cap.json"] {
      try allowingRefusal {
        let metadata = try CaptionMetadata(
          contentsOf: Scratch.file("caption-metadata", name, bytes), images: images)
        if let error = metadata.error { throw error }
      }
    }
  }

  private static let fileNames = FuzzTarget("file-names") { bytes in
    let name = String(decoding: bytes, as: UTF8.self)
    _ = KohyaFolder(name)?.isPlausible
    let stem = name.fileStem
    _ = [MaskName.owner(of: stem), MaskName.possibleOwner(of: stem)]
    _ = ImageNames([name, "dog.jpg"]).owners(stem)
    _ = SystemFile.contains(name) || MaskName.isConditioning(stem)
    _ = ImageName.promisesImage(name)
  }
}
