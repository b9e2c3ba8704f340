import AsyncHTTPClient
import Files
import NIOCore
import NIOHTTP1
import NIOPosix

/// Why a connection failed, in words for a message.
func connectionReason(_ error: any Error) -> String {
  switch error {
  case let error as HTTPClientError: error.shortDescription.lowercased()
  case let error as NIOConnectionError:
    error.connectionErrors.first.map { connectionReason($0.error) } ?? "its name cannot be resolved"
  case let error as IOError: systemReason(error.errnoCode)
  case is HTTPParserError: "the connection broke off"
  case is ChannelError: "the connection was closed"
  default: "\(error)".excerpt()
  }
}
