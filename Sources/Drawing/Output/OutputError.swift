package import Files

/// An output that pictures cannot be written to.
package enum OutputError: ReportableError, Equatable {
  /// A file of another kind.
  case notPNG(String)
  /// One file for several pictures.
  case single(String, count: Int)
  /// A file for a campaign.
  case notAFolder(String)
  /// A name that programs do not recognise as that of a LoRA file.
  case notSafetensors(String)
  /// A file for an adapter in PEFT's form.
  case notAdapterFolder(String)
  /// A file that would be replaced.
  case exists(String)

  package var kind: ErrorKind {
    switch self {
    case .notPNG, .single, .notAFolder, .notSafetensors, .notAdapterFolder: .usage
    case .exists: .cannotWrite
    }
  }

  package var description: String {
    switch self {
    case .notPNG(let output):
      "`output` is \(output), but pictures are .png files; choose a name that ends in .png."
    case .single(let output, let count):
      "`count` is \(count), so `output` must be a folder, not \(output)."
    case .notAFolder(let output):
      "`output` is \(output), but a campaign needs a folder for its pictures."
    case .notSafetensors(let output):
      "`output` is \(output), but programs look for LoRA files that end in .safetensors; choose such "
        + "a name."
    case .notAdapterFolder(let output):
      "`output` is \(output), but PEFT's form is a folder; choose a name without .safetensors."
    case .exists(let file):
      "\(file) already exists; choose another `output`, or replace it with `overwrite`."
    }
  }
}
