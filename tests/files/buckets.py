"""Every kind of bucket that there is, as servers of this machine."""

from tests.files.azure import azure_server
from tests.files.gcs import gcs_server
from tests.files.s3 import s3_server

SERVERS = {"s3": s3_server, "gcs": gcs_server, "azure": azure_server}
