#include "statistics.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct statistics statistics;
bool is_counting_segments;

void count_segments(int descriptor) {
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return;
    statistics.bytes_in += info.tcpi_bytes_received;
    // Not tcpi_bytes_acked, which lacks the last reply until its acknowledgement comes.
    statistics.bytes_out += info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
    statistics.segments_in += info.tcpi_segs_in;
    statistics.segments_out += info.tcpi_segs_out;
    statistics.data_in += info.tcpi_data_segs_in;
    statistics.data_out += info.tcpi_data_segs_out;
}
