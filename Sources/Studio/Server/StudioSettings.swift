package import Foundation
import Torch
package import Workspace

/// How a studio is served.
package struct StudioSettings: Sendable {
  package let project: ProjectFolder
  /// The folder with `Datasets` and `Configs`; trainings run there.
  package var home = URL(filePath: FileManager.default.currentDirectoryPath)
  /// The address to listen on.
  package var host = Self.standardHost
  /// The port to listen on; 0: any free one.
  package var port = Self.standardPort
  /// The token that every request must have; nil: none.
  package var token: String?
  /// The executable that trains.
  package let program: URL
  /// Its arguments for a task.
  package let arguments: @Sendable (ChildProcesses.Task) -> [String]
  /// The most drawings that wait.
  package var queueLimit = DrawingQueue.standardLimit
  /// The time without a drawing after which the models are freed.
  package var idleTime = DrawingQueue.standardIdleTime

  /// Whether trainings and drawings take turns, because they would share a GPU.
  package var takesTurns = Device.cudaCount > 0

  package static let standardHost = "127.0.0.1"
  package static let standardPort = 7860

  package init(
    project: ProjectFolder, program: URL,
    arguments: @escaping @Sendable (ChildProcesses.Task) -> [String]
  ) {
    self.project = project
    self.program = program
    self.arguments = arguments
  }
}
