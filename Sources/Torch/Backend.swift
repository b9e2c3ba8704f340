import CTorch
public import Files

/// Settings of libtorch as a whole.
public enum Backend {
  /// The version of the loaded libtorch, such as "2.13.0".
  public static var version: String { LibtorchVersion(packed: ct_version()).description }

  /// Compares the loaded libtorch with the one this program was compiled against. Call it before
  /// anything else: their data structures differ between minor versions. Throws
  /// `BackendError.otherVersion`.
  public static func checkVersion() throws(BackendError) {
    try LibtorchVersion(packed: ct_version()).check(
      compiledAgainst: LibtorchVersion(packed: ct_compiled_version()))
  }

  /// CPU threads that one operation may use. The same number gives the same bits in every process.
  /// Numbers below 1 count as 1.
  public static var threads: Int {
    get { Int(checkProperty(ct_threads())) }
    set { checkProperty(ct_set_threads(Int32(clamping: newValue))) }
  }

  /// Allows only kernels that give the same bits each time. An operation without such a kernel then
  /// throws. Call it before a GPU is used. Throws if `CUBLAS_WORKSPACE_CONFIG` has another value.
  public static func useDeterministicKernels() throws(TorchError) {
    try check(ct_use_deterministic_kernels())
  }

  /// Whether cuDNN tries out up to ten algorithms for each new shape of a convolution on a GPU, and keeps the
  /// fastest. In another process this may be another one. Shapes that were computed before stay as they were.
  package static var tunesConvolutions: Bool {
    get { checkProperty(ct_tunes_convolutions()) == 1 }
    set { checkProperty(ct_set_tunes_convolutions(newValue)) }
  }

  /// Returns freed memory of the machine to the system, which the process would keep for later.
  public static func trimMemory() { checkProperty(ct_trim_memory()) }

  /// Returns cached GPU memory to the driver. Throws without a GPU. Does nothing after a ``DeviceGraph`` whose
  /// recording CUDA did not end, because libtorch then keeps the memory.
  public static func emptyCache() throws(TorchError) { try check(ct_empty_cache()) }
}

/// A version of libtorch.
struct LibtorchVersion: Hashable, CustomStringConvertible {
  let major: UInt8
  let minor: UInt8
  let patch: UInt8

  init(major: UInt8, minor: UInt8, patch: UInt8) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// Reads a version from the three highest bytes.
  init(packed: UInt64) {
    self.init(
      major: UInt8(packed >> 56 & 0xFF), minor: UInt8(packed >> 48 & 0xFF),
      patch: UInt8(packed >> 40 & 0xFF))
  }

  var description: String { "\(major).\(minor).\(patch)" }

  /// Throws `BackendError.otherVersion` if major or minor version differ.
  func check(compiledAgainst other: LibtorchVersion) throws(BackendError) {
    guard (major, minor) == (other.major, other.minor) else {
      throw .otherVersion(loaded: description, compiled: other.description)
    }
  }
}

/// A libtorch that this program cannot use.
public enum BackendError: ReportableError, Equatable {
  /// The loaded libtorch is of another version than the one compiled against.
  case otherVersion(loaded: String, compiled: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .otherVersion: .unavailable
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .otherVersion(let loaded, let compiled):
      "The loaded libtorch is version \(loaded), but lora-train was built with \(compiled); install "
        + "that version, or build lora-train again with `LIBTORCH` set to the folder of yours."
    }
  }
}
