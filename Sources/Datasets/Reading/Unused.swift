import Images

/// Why a file is not used. The order is that in which reports list the reasons.
enum Unused: Int, Comparable, CaseIterable {
  case excluded, excludedPart
  case sideFault
  case orphanCaption, otherCaption, otherFocus, emptyCaption, alsoEmpty
  case metadataName, captionTable, otherJSON, brokenJSON, conceptFile, idleMetadata
  case orphanMask, otherMask, likelyMask, conditioning
  case imageFormat, damaged, video, archive, cache, weights
  case subjectFile, innerSubject, settings, document
  case hidden, brokenLink, innerFolder, notAFile, notUTF8, empty, unreadable, unknown

  static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }

  /// The reason, and what to do.
  var text: String {
    switch self {
    case .excluded: "excluded in \(Subject.fileName), not used"
    case .excludedPart: "not read, since its image is excluded in \(Subject.fileName)"
    case .sideFault: "not trained on, since its caption or its mask cannot be used"
    case .orphanCaption: "no image of the same name, not read"
    case .otherCaption: "not read; the image has its caption in another file"
    case .otherFocus: "not read; the image has its focus point in another file"
    case .emptyCaption: "empty; the image has its caption in another file"
    case .alsoEmpty: "empty, as another caption file of the image is"
    case .metadataName: "not read, since the name is not in lower case; rename it"
    case .captionTable:
      "a table that is not read; write captions to \(CaptionMetadata.fileNames[1]) with the columns "
        + "file_name and text, or to .txt files"
    case .otherJSON:
      "no captions of images in this folder, not read; captions are read from .txt files, "
        + "\(CaptionMetadata.fileName) and JSON with the key caption"
    case .brokenJSON: "not valid JSON, not read; correct it if it has captions"
    case .idleMetadata: "not used; no image takes a caption or a focus point from it"
    case .conceptFile:
      "a list of OneTrainer's concepts, not read; list their folders in \(Subject.fileName)"
    case .orphanMask:
      "a mask without its image, not read; an image of its own needs another name, or a caption"
    case .otherMask: "not read; the image has another mask"
    case .likelyMask:
      "not read, since the name is that of a mask of another image; a mask needs a name such as "
        + "01-mask.png, and an image of its own needs another name, or a caption"
    case .conditioning: "a conditioning image of OneTrainer, not read"
    case .imageFormat: "an image of a format that is not read; convert it to PNG"
    case .damaged: "the content looks like a damaged image, not read; copy it again or remove it"
    case .video: "a video, not read; save single frames of it as PNG"
    case .archive: "an archive, not read; unpack it"
    case .cache: "a cache of another program, not read; it can be removed"
    case .weights: "weights of a model, not read; move them out of the dataset"
    case .subjectFile: "not read; the file must have the name \(Subject.fileName)"
    case .innerSubject: "read only in the dataset folder itself, not read here"
    case .settings: "settings of another program, not read"
    case .document: "a document, not read"
    case .hidden: "hidden, not read; an image needs a name that does not start with a dot"
    case .brokenLink: "a link that leads nowhere, not read; remove it or restore its target"
    case .innerFolder: "a folder in a folder of masks, not read"
    case .notAFile: "no regular file, not read"
    case .notUTF8: "the name is not UTF-8, not read; rename it"
    case .empty: "empty (0 bytes), not read"
    case .unreadable: "cannot be opened, not read; check its permissions"
    case .unknown: "neither an image nor a caption nor a mask, not read"
    }
  }

  /// The kind of a file that is not an image and whose name shows what it is; nil: its name shows
  /// nothing.
  init?(name: String) {
    let ending = name.pathExtension.lowercased()
    let lower = name.lowercased()
    let isCache = [".npz", ".npy", "_te.safetensors", "_sd.safetensors", ".cache"]
      .contains { lower.hasSuffix($0) }
    if isCache || lower.contains("_te_outputs.") {
      self = .cache
      return
    }
    if ["subject.yml", "subject.yaml", "subject.json", "subject.txt"].contains(lower) {
      self = .subjectFile
      return
    }
    if CaptionMetadata.fileNames.contains(lower), lower != name {
      self = .metadataName
      return
    }
    guard let kind = Self.kinds.first(where: { $0.endings.contains(ending) }) else { return nil }
    self = kind.unused
  }

  /// The kind of a file that cannot be read as an image and whose name shows nothing.
  init(_ problem: ImageError.Problem) {
    switch problem {
    case .empty: self = .empty
    case .unreadable: self = .unreadable
    case .truncated, .damaged: self = .damaged
    case .notAnImage(let content):
      self =
        switch content {
        case .jpegXL, .jpeg2000, .photoshop, .cameraRaw, .svg: .imageFormat
        case .video: .video
        case .pdf: .document
        case .text, .unknown: .unknown
        }
    case .notBuiltIn: self = .imageFormat
    case .missing, .notAFile, .tooLarge, .fileTooLarge: self = .unknown
    }
  }

  /// Extensions of cameras' raw images.
  static let rawEndings: Set<String> = [
    "cr2", "cr3", "nef", "arw", "dng", "raf", "orf", "rw2", "pef", "srw", "raw",
  ]

  private static let kinds: [(unused: Unused, endings: Set<String>)] = [
    (
      .imageFormat,
      [
        "webp", "heic", "heif", "hif", "avif", "bmp", "dib", "gif", "tif", "tiff", "jxl", "jp2",
        "j2k", "jpf", "tga", "psd", "psb", "xcf", "kra", "clip", "ora", "svg", "eps", "ai", "ppm",
        "pgm", "pbm", "pnm", "pam", "qoi", "dds", "exr", "hdr", "ico", "icns", "cur", "pcx", "wdp",
        "jxr",
      ]
    ), (.imageFormat, rawEndings),
    (
      .video,
      [
        "mp4", "mov", "m4v", "avi", "mkv", "webm", "mpg", "mpeg", "wmv", "flv", "mts", "m2ts",
        "3gp",
      ]
    ),
    (.archive, ["zip", "rar", "7z", "tar", "gz", "tgz", "xz", "bz2", "zst"]),
    (.weights, ["safetensors", "ckpt", "pt", "pth", "bin", "onnx", "gguf"]),
    (.captionTable, ["parquet", "arrow", "tsv", "csv", "jsonl", "xlsx", "xls", "ods", "sqlite"]),
    (.settings, ["toml", "yaml", "yml", "ini", "cfg", "conf", "xmp", "xml"]),
    (.document, ["md", "pdf", "html", "htm", "doc", "docx", "odt", "rtf", "log", "url", "lnk"]),
  ]
}
