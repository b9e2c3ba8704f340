import Adapters
import Drawing
import Files
import Foundation
import Hub
package import RunLog

/// The adapter of a checkpoint in the form of another program, as the page and scripts order it.
package struct AdapterOrder: Sendable, Equatable {
  package let run: Int64
  package let step: Int
  package let format: String
  package let precision: String

  /// Reads the fields of an order: `step`, `format` and `precision`. Throws `StudioError`.
  package init(_ fields: [String: JSONValue], run: Int64) throws(StudioError) {
    self.run = run
    step = try fields.step
    format = try fields["format"]?.orderText(of: "format") ?? AdapterFormat.kohya.rawValue
    precision = try fields["precision"]?.orderText(of: "precision") ?? Precision.fp32.rawValue
    guard AdapterFormat(rawValue: format) != nil else {
      throw .otherType(
        "format",
        allowed: "one of \(AdapterFormat.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard Precision(rawValue: precision) != nil else {
      throw .otherType(
        "precision",
        allowed: "one of \(Precision.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }

  /// The checkpoint, such as `7@500`.
  package var checkpoint: String { "\(run)@\(step)" }

  /// The name of the file or folder.
  func name(subject: String) -> String {
    let ending = format == AdapterFormat.peft.rawValue ? "" : ".safetensors"
    return "\(subject)-run\(run)-step\(step)-\(format)-\(precision)\(ending)"
  }
}

/// A publication of a checkpoint's adapter on the Hub, as the page and scripts order it.
package struct PublicationOrder: Sendable, Equatable {
  package let run: Int64
  package let step: Int
  /// The repository, as owner/name.
  package let repository: String
  package let isPrivate: Bool
  package let license: String?

  /// Reads the fields of an order: `step`, `repository`, `private` and `license`. Throws `StudioError`, and
  /// the Hub's error for a name that is none.
  package init(_ fields: [String: JSONValue], run: Int64) throws {
    self.run = run
    step = try fields.step
    repository = try fields["repository"]?.orderText(of: "repository") ?? ""
    _ = try RepositoryName(repository)
    isPrivate = fields["private"] != .bool(false)
    let license = try fields["license"]?.orderText(of: "license") ?? ""
    self.license = license.isEmpty ? nil : license
  }

  /// The checkpoint, such as `7@500`.
  package var checkpoint: String { "\(run)@\(step)" }
}

extension [String: JSONValue] {
  /// The step of a checkpoint. Throws `StudioError.otherType`.
  fileprivate var step: Int {
    get throws(StudioError) {
      guard let text = try self["step"]?.orderText(of: "step"), let step = Int(text), step > 0
      else {
        throw .otherType("step", allowed: "the step of a checkpoint")
      }
      return step
    }
  }
}

extension ChildProcesses {
  /// Starts an export into the folder of exports. Throws `RunError`, `CheckpointError`, `FileAccessError`,
  /// `ChildProcessError`.
  package func start(_ order: AdapterOrder) throws -> Started {
    let library = try RunLibrary(project)
    let run = try library.run(.number(order.run))
    _ = try library.checkpoint(order.step, of: run)
    try DurableFile.makeFolder(project.exports)
    let output = project.exports.appending(path: order.name(subject: run.subject))
    return try start(.export(order, output: output))
  }

  /// Starts a publication. Throws as ``start(_:)``.
  package func start(_ order: PublicationOrder) throws -> Started {
    let library = try RunLibrary(project)
    _ = try library.checkpoint(order.step, of: library.run(.number(order.run)))
    return try start(.publish(order))
  }
}
