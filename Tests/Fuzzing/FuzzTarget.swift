import Files
public import Foundation

/// A reader of bytes that come from outside: a file, a prompt, a name.
///
/// It may refuse the bytes, with an error that users understand. It must not crash, hang or throw
/// another error. `Scripts/fuzz` runs it under libFuzzer, and FuzzingTests with a few random changes of
/// the seeds.
public struct FuzzTarget: Sendable {
  /// The name on the command line of `Scripts/fuzz`, and of the folder with its seeds.
  public let name: String
  private let read: @Sendable (Data) throws -> Void
  let seedFiles: @Sendable () throws -> [URL]

  /// - Parameters:
  ///   - seeds: Files to start from, besides those in `Seeds/<name>`.
  ///   - read: Reads the bytes in every form in which the program meets them.
  init(
    _ name: String, seeds: @escaping @Sendable () throws -> [URL] = { [] },
    read: @escaping @Sendable (Data) throws -> Void
  ) {
    self.name = name
    seedFiles = seeds
    self.read = read
  }

  /// All targets.
  public static let all = weights + images + settings + datasets + texts + runs + models + imports

  /// Reads bytes. Throws the error that no reader may throw.
  public func run(_ bytes: Data) throws {
    try Self.allowingRefusal { try read(bytes) }
  }

  /// Runs code that may throw an error that is reported to users.
  static func allowingRefusal(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as any ReportableError where error.kind != .internal {
      // Its sentence is made of the bytes, too.
      guard !error.description.isEmpty else { throw error }
    }
  }
}

extension FuzzTarget: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
